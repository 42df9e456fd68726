import { describe, expect, test } from 'vitest'
import { deepImports, driverImports, packageImportRule } from './package-imports.ts'
import type { Rule } from './source-file.ts'

const manifest = {
  path: 'connectors/kafka/package.json',
  text: JSON.stringify({ dependencies: { '@flinkts/core': '0.1.0', '@kafka/js': '1', zod: '4' } }),
}

function check(rule: Rule, path: string, specifier: string): readonly string[] {
  return rule([manifest, { path, text: `import { x } from '${specifier}'` }])
}

describe('package imports', () => {
  test.each([
    ['packages/formats/src/json.ts', '@flinkts/core/connector'],
    ['packages/filesystem/src/sink.ts', '@flinkts/formats'],
    ['packages/cli/src/run.ts', '@flinkts/core'],
    ['packages/testkit/src/vitest/describe.ts', '@flinkts/core/testing'],
    ['packages/testkit/src/vitest/describe.ts', 'vitest'],
    ['packages/filesystem/test/conformance.e2e.test.ts', '@flinkts/testkit'],
    ['connectors/kafka/test/conformance.e2e.test.ts', '@flinkts/testkit'],
    ['connectors/kafka/src/source.ts', '@flinkts/core/connector'],
    ['connectors/kafka/src/source.ts', '@flinkts/filesystem'],
    ['connectors/kafka/src/options.ts', 'zod'],
    ['connectors/kafka/src/client.ts', '@kafka/js/admin'],
    ['connectors/kafka/src/client.ts', 'node:net'],
    ['connectors/kafka/test/source.test.ts', '@flinkts/core/testing'],
    ['connectors/kafka/test/source.test.ts', '@flinkts/kafka'],
    ['connectors/kafka/test/source.test.ts', 'vitest'],
    ['examples/orders/src/start.ts', '@flinkts/kafka'],
    ['test/e2e/restart.e2e.test.ts', '@flinkts/kafka'],
  ])('%s may import %s', (path, specifier) => {
    expect(check(packageImportRule, path, specifier)).toEqual([])
  })

  test.each([
    ['packages/core/src/api/job.ts', '@flinkts/formats'],
    ['packages/core/src/api/job.ts', '@flinkts/core/connector'],
    ['packages/formats/src/json.ts', '@flinkts/filesystem'],
    ['packages/filesystem/src/sink.ts', '@flinkts/kafka'],
    ['packages/cli/src/run.ts', '@flinkts/kafka'],
    ['connectors/kafka/src/source.ts', '@flinkts/core'],
    ['connectors/kafka/src/source.ts', '@flinkts/core/testing'],
    ['connectors/kafka/src/source.ts', '@flinkts/postgres'],
    ['connectors/kafka/src/source.ts', '@flinkts/testkit'],
    ['connectors/kafka/src/source.ts', 'vitest'],
    ['packages/testkit/src/vitest/describe.ts', '@flinkts/filesystem'],
    ['connectors/kafka/src/source.ts', 'lodash'],
    ['connectors/kafka/test/source.test.ts', '@flinkts/postgres'],
  ])('%s must not import %s', (path, specifier) => {
    const [problem = '', ...more] = check(packageImportRule, path, specifier)

    expect(problem).toMatch(new RegExp(`^${path}:1: .*${specifier}`))
    expect(more).toEqual([])
  })
})

describe('a dependency of a connector', () => {
  const importer = (name: string) => ({
    path: `connectors/kafka/src/${name}`,
    text: `import { x } from '@kafka/js/admin'`,
  })

  test.each(['client.ts', 'records/lz4-frame.ts'])('is imported by one file, %s', (name) => {
    expect(driverImports([manifest, importer(name)])).toEqual([])
  })

  test.each([
    ['client.ts', 'admin.ts'],
    ['client.ts', 'protocol/frames.ts'],
    ['records/checksum.ts', 'records/reader.ts'],
  ])('that belongs to %s is not imported by %s', (owner, name) => {
    expect(driverImports([manifest, importer(name), importer(owner)])).toEqual([
      `connectors/kafka/src/${name}:1: only ${owner} imports the dependency @kafka/js/admin`,
    ])
  })
})

describe('deep imports', () => {
  test.each([
    ['packages/cli/src/run.ts', '@flinkts/core/src/api/job.ts'],
    ['packages/cli/src/run.ts', '../../core/src/index.ts'],
    ['connectors/kafka/test/source.test.ts', '../../postgres/src/client.ts'],
    ['test/e2e/restart.e2e.test.ts', '../../packages/core/src/index.ts'],
    ['examples/orders/src/start.ts', 'flinkts/dist/main.js'],
  ])('%s must not import %s', (path, specifier) => {
    expect(check(deepImports, path, specifier)).toHaveLength(1)
  })

  test.each([
    ['packages/core/test/common/clock.test.ts', '../../src/common/clock.ts'],
    ['test/tidy/tidy.test.ts', '../../scripts/steps.ts'],
    ['scripts/errors-markdown.ts', '../packages/core/src/common/error-table.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(check(deepImports, path, specifier)).toEqual([])
  })
})
