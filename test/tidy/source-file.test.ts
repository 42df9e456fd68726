import { expect, test } from 'vitest'
import { codeLines, moduleReferences } from './source-file.ts'

function specifiersIn(text: string): readonly string[] {
  return moduleReferences({ path: 'a.ts', text }).map(({ specifier }) => specifier)
}

test.each([
  "import { a } from 'b'",
  "import type { A } from 'b'",
  "import a, { type B } from 'b'",
  "import * as a from 'b'",
  "import 'b'",
  "export { a } from 'b'",
  "export * from 'b'",
  "export type { A } from 'b'",
  "import {\n  a,\n  b,\n} from 'b'",
  "const a = await import('b')",
  "type A = import('b').A",
])('%s refers to a module', (text) => {
  expect(specifiersIn(text)).toEqual(['b'])
})

test.each([
  "const bytes = Buffer.from('b')",
  "throw new Error(`read from 'b'`)",
  "// import { a } from 'b'",
  " * import { a } from 'b'",
  "run() // like import 'b'",
  "export type A = 'b' | 'c'",
  "export function from('b')",
])('%s does not', (text) => {
  expect(specifiersIn(text)).toEqual([])
})

test('a reference has its line', () => {
  const text = "import a from 'a'\n\nimport {\n  b,\n} from 'b'\nconst c = await import('c')"

  expect(moduleReferences({ path: 'a.ts', text })).toEqual([
    { specifier: 'a', line: 1 },
    { specifier: 'b', line: 5 },
    { specifier: 'c', line: 6 },
  ])
})

test('comments are no code', () => {
  const text = '/** a\n * b\n */\nc() // d\n  // e'

  expect(codeLines({ path: 'a.ts', text })).toEqual(['', '', '', 'c()', ''])
})
