import { describe, expect, test } from 'vitest'
import { errorCodesTested, errorDocument } from './error-codes.ts'

const table = {
  path: 'packages/core/src/common/error-table.ts',
  text: 'export const errorTable = {\n  FLINKTS_A: {},\n  FLINKTS_AB: {\n  },\n} as const\n',
}

function testFile(path: string, code: string): { path: string; text: string } {
  return { path, text: `expect(code).toBe('${code}')` }
}

describe('error codes', () => {
  test('are fine when each occurs in a test', () => {
    const tests = [
      testFile('packages/core/test/a.test.ts', 'FLINKTS_A'),
      testFile('test/e2e/ab.e2e.test.ts', 'FLINKTS_AB'),
    ]

    expect(errorCodesTested([table, ...tests])).toEqual([])
  })

  test('without a test are reported, even if a longer code has one', () => {
    const tests = [testFile('packages/core/test/a.test.ts', 'FLINKTS_AB')]

    expect(errorCodesTested([table, ...tests])).toEqual([
      'packages/core/src/common/error-table.ts:2: FLINKTS_A is provoked by no test',
    ])
  })

  test('in the tests of this folder do not count', () => {
    const tests = ['FLINKTS_A', 'FLINKTS_AB'].map((code) => testFile('test/tidy/a.test.ts', code))

    expect(errorCodesTested([table, ...tests])).toHaveLength(2)
  })

  test('that cannot be found are reported', () => {
    expect(errorCodesTested([])).toHaveLength(1)
    expect(errorCodesTested([{ ...table, text: 'export const errorTable = {}' }])).toHaveLength(1)
  })
})

describe('the error document', () => {
  const rule = errorDocument('# Errors\n')

  test('is what the table makes it', () => {
    expect(rule([{ path: 'docs/errors.md', text: '# Errors\n' }])).toEqual([])
  })

  test('is reported when it is older, or missing', () => {
    expect(rule([{ path: 'docs/errors.md', text: '# Error\n' }])).toHaveLength(1)
    expect(rule([])).toHaveLength(1)
  })
})
