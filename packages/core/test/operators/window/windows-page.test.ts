import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { totals } from './windows-page.ts'

test('the example of docs/windows.md is this code, and gives what it says', async () => {
  const page = await readFile(new URL('../../../../../docs/windows.md', import.meta.url), 'utf8')
  const code = await readFile(new URL('windows-page.ts', import.meta.url), 'utf8')

  expect(page).toContain(`\`\`\`ts\n${code}\`\`\``)
  expect(totals).toEqual([
    { user: 'ada', from: 0, amount: 7 },
    { user: 'ada', from: 0, amount: 8 },
  ])
})
