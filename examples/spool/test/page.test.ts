import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { check, checked } from '../src/options.ts'
import { blocks } from './page.ts'

const example = new URL('../', import.meta.url)

test('all code of docs/connectors/writing-a-connector.md is in a file of the example', async () => {
  const names = await Promise.all(
    ['src', 'test'].map(async (folder) =>
      (await readdir(new URL(folder, example))).map((name) => `${folder}/${name}`),
    ),
  )
  const files = await Promise.all(
    names.flat().map((name) => readFile(new URL(name, example), 'utf8')),
  )
  const code = await blocks('ts')

  expect(code.length).toBeGreaterThan(10)
  expect(code.filter((block) => !files.some((text) => text.includes(block)))).toEqual([])
})

test.each([
  { directory: '' },
  { directory: 'in', pollMs: 0 },
  { directory: 'in', pollMs: 1.5 },
  { directory: 'in', readBytes: 2_000_000 },
])('options %o are refused', (options) => {
  expect(() => checked(options)).toThrow(
    expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID' }),
  )
})

test('the preflight finds a directory that is missing', async () => {
  expect(await check('no-such-directory', 'write')).toMatchObject([
    {
      severity: 'error',
      code: 'spool-not-writable',
      hint: "mkdir -p 'no-such-directory', owned by the user of the job",
    },
  ])
})
