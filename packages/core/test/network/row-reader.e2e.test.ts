import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const readsRows = `
  const { RecordBatchReader } = await import('${sourceOf('network/record-batch-reader')}')
  const { RecordBatchWriter } = await import('${sourceOf('network/record-batch-writer')}')
  const { ByteWriter } = await import('${sourceOf('state/byte-writer')}')
  const writer = new RecordBatchWriter({ code: 'FLINKTS_RECORD_NOT_TRANSFERABLE', name: 'it' })
  const records = [1, 2].map((id) => ({ id, name: 'n' + id, list: [id], more: { id } }))
  for (const record of records) writer.push(record, 7)
  const out = new ByteWriter()
  writer.end(out)
  const batch = Buffer.allocUnsafeSlow(out.length)
  batch.set(out.written())
  const { values } = new RecordBatchReader().read(batch)
  let compiles = true
  try {
    new Function()
  } catch {
    compiles = false
  }
  console.log(JSON.stringify({ compiles, values }))
`

test.each([
  { compiles: true, flags: [] },
  { compiles: false, flags: ['--disallow-code-generation-from-strings'] },
])('rows are read where code may be made of strings: $compiles', async ({ compiles, flags }) => {
  const args = [...flags, '--input-type=module', '--eval', readsRows]

  const { stdout } = await promisify(execFile)(process.execPath, args)

  expect(JSON.parse(stdout)).toStrictEqual({
    compiles,
    values: [
      { id: 1, name: 'n1', list: [1], more: { id: 1 } },
      { id: 2, name: 'n2', list: [2], more: { id: 2 } },
    ],
  })
})

/** The address of a module of core. */
function sourceOf(module: string): string {
  return new URL(`../../src/${module}.ts`, import.meta.url).href
}
