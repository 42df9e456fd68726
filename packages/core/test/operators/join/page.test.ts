import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '../../../../..')
const example = 'packages/core/test/operators/join/page-example.test.ts'

test('the page on joins shows its example as it is checked and run, and no other code', () => {
  const page = readFileSync(path.join(root, 'docs/joins.md'), 'utf8')

  const blocks = [...page.matchAll(/^```ts ?(?<file>\S*)\n(?<code>[^]*?)^```$/gm)]

  const shown = blocks.map(({ groups = {} }) => [groups['file'], groups['code']])
  expect(shown).toEqual([[example, readFileSync(path.join(root, example), 'utf8')]])
})
