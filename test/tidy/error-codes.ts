/** The table of error codes, its document and its tests. */
import { isTestCode, type Rule, type SourceFile, violation } from './source-file.ts'

const tablePath = 'packages/core/src/common/error-table.ts'
const documentPath = 'docs/errors.md'

/** A code that no test provokes may as well not exist. */
export const errorCodesTested: Rule = (files) => {
  const table = files.find((file) => file.path === tablePath)
  if (table === undefined) return [`${tablePath}:1: the table of error codes is missing`]
  const codes = declaredCodes(table)
  if (codes.length === 0) return [violation(table, 1, 'no error code is found in the table')]
  const tests = files
    .filter((file) => isTestCode(file) && !file.path.startsWith('test/tidy/'))
    .map((file) => file.text)
    .join('\n')
  return codes
    .filter(({ code }) => !new RegExp(`\\b${code}\\b`).test(tests))
    .map(({ code, line }) => violation(table, line, `${code} is provoked by no test`))
}

/**
 * Whether `docs/errors.md` is what the table makes it.
 *
 * @param expected - the document, freshly made
 */
export function errorDocument(expected: string): Rule {
  return (files) => {
    const document = files.find((file) => file.path === documentPath)
    if (document?.text === expected) return []
    return [`${documentPath}:1: differs from the error table: run npm run docs:errors`]
  }
}

function declaredCodes(table: SourceFile): readonly { code: string; line: number }[] {
  return table.text.split('\n').flatMap((text, index) => {
    const code = /^ {2}(FLINKTS_\w+):/.exec(text)?.[1]
    return code === undefined ? [] : [{ code, line: index + 1 }]
  })
}
