/**
 * The style guide as a test. What a rule says is in its own file, with a test that shows it fire.
 */
import { describe, expect, test } from 'vitest'
import { errorsMarkdown } from '../../scripts/errors-markdown.ts'
import {
  bannedEverywhere,
  bannedInCode,
  bannedInCore,
  bannedInTests,
  bannedMachine,
} from './banned-text.ts'
import { errorCodesTested, errorDocument } from './error-codes.ts'
import { entryPoints, folderOrder } from './folder-order.ts'
import { connectorFiles, defaultExports, fileLength, fileNames, lineLength } from './layout.ts'
import { deepImports, driverImports, packageImportRule } from './package-imports.ts'
import type { Rule } from './source-file.ts'
import { readWorkspace } from './workspace.ts'

const rules: Readonly<Record<string, Rule>> = {
  'a folder of core imports only from folders below it': folderOrder,
  'entry points only name re-exports': entryPoints,
  'a package imports only what it may': packageImportRule,
  'no import reaches inside another package': deepImports,
  'only the client of a connector imports the driver': driverImports,
  'core is deterministic': bannedInCore,
  'code hides nothing from the compiler or the test runner': bannedInCode,
  'nothing is left to do': bannedEverywhere,
  'tests do not sleep': bannedInTests,
  'nothing depends on one machine': bannedMachine,
  'files are short': fileLength,
  'lines are short': lineLength,
  'file names are kebab-case': fileNames,
  'connectors have the same files': connectorFiles,
  'nothing is exported by default': defaultExports,
  'every error code has a test': errorCodesTested,
  'docs/errors.md is up to date': errorDocument(errorsMarkdown()),
}

describe('the workspace', () => {
  const files = readWorkspace()

  test('is read as a whole', () => {
    const paths = files.map((file) => file.path)

    expect(paths).toContain('packages/core/src/common/error-table.ts')
    expect(paths).toContain('test/tidy/tidy.test.ts')
    expect(paths.filter((path) => path.includes('node_modules'))).toEqual([])
  })

  test.each(Object.entries(rules))('%s', (_name, rule) => {
    expect(rule(files).join('\n')).toBe('')
  })
})
