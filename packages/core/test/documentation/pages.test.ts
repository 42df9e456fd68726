import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '../../../..')

/** Blocks of code in a page that name the file they are: ` ```ts path/of/file.ts `. */
function codeBlocksOf(page: string): ReadonlyMap<string, string> {
  const text = readFileSync(path.join(root, page), 'utf8')
  const blocks = [...text.matchAll(/^```ts ?(?<file>\S*)\n(?<code>[^]*?)^```$/gm)]
  return new Map(blocks.map(({ groups = {} }) => [groups['file'] ?? '', groups['code'] ?? '']))
}

const pages = ['docs/testing.md', 'docs/time.md']

describe('the pages with examples', () => {
  const blocks = new Map(pages.flatMap((page) => [...codeBlocksOf(page)]))

  test('show every example of this folder, and no other code', () => {
    const examples = readdirSync(import.meta.dirname).filter((name) => name !== 'pages.test.ts')

    expect([...blocks.keys()].toSorted()).toEqual(
      examples.map((name) => `packages/core/test/documentation/${name}`).toSorted(),
    )
  })

  test.each([...blocks])('show %s as it is checked and run', (file, code) => {
    expect(code).toBe(readFileSync(path.join(root, file), 'utf8'))
  })
})
