import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defined, type SinkProver } from '@flinkts/core/connector'
import { jsonLines, type WriteFormat } from '@flinkts/formats'
import { expect, onTestFinished, test } from 'vitest'
import { fileSink, fileSource } from '../src/index.ts'
import { filesBelow } from './files-below.ts'
import { temporaryDirectory } from './fixtures.ts'

const format = jsonLines<object>()

async function proverOf(path: string): Promise<SinkProver<object>> {
  return defined(await fileSink({ path, format }).prover?.(), 'there is a prover')
}

/** A scratch copy, removed after the test if not before. */
async function copyOf(prover: SinkProver<object>): Promise<string> {
  const copy = await prover.setup()
  onTestFinished(() => prover.clean(copy))
  return copy
}

test('every copy is a directory of its own, and the sink writes there', async () => {
  const directory = await temporaryDirectory()
  const prover = await proverOf(directory)

  const [one, other] = [await copyOf(prover), await copyOf(prover)]

  expect(one).not.toBe(other)
  expect(prover.createSink(one).description).toBe(`json-lines files in ${one}`)
  expect(await filesBelow(directory)).toEqual([])
})

test('lines of visible files are records, each with its bucket', async () => {
  const prover = await proverOf('out')
  const copy = await copyOf(prover)
  await mkdir(join(copy, 'day=1'))
  await writeFile(join(copy, 'part-1.jsonl'), '{"id":1}\n{"id":2}\n')
  await writeFile(join(copy, 'day=1', 'part-2.jsonl'), '{"id":3}\n')
  await writeFile(join(copy, 'day=1', '.part-3.jsonl.inprogress'), '{"id":4}\n')

  const texts = (await prover.readCommitted(copy)).map(({ text }) => text)

  expect(texts.toSorted()).toEqual(['day=1: {"id":3}', '{"id":1}', '{"id":2}'])
  expect(await prover.listInFlight(copy)).toEqual([join('day=1', '.part-3.jsonl.inprogress')])
})

test('what is left of a line is not overlooked', async () => {
  const prover = await proverOf('out')
  const copy = await copyOf(prover)
  await writeFile(join(copy, 'part-1.jsonl'), '{"id":1}\n{"id"')

  const records = await prover.readCommitted(copy)

  const path = join(copy, 'part-1.jsonl')
  expect(records.map(({ text }) => text)).toEqual([
    '{"id":1}',
    `${path} ends without a line break: {"id"`,
  ])
})

test('what is not made of lines has no prover', () => {
  const binary: WriteFormat<object> = { ...format, name: 'binary' }

  expect(fileSink({ path: 'out', format: binary }).prover).toBeUndefined()
})

test('a source that waits for files is proved with those that are there', async () => {
  const source = fileSource({ path: 'in', format, watch: { intervalMs: 10 } })

  const prover = defined(await source.prover?.(), 'there is a prover')

  expect(source.boundedness).toBe('continuous-unbounded')
  expect(prover.createSource().boundedness).toBe('bounded')
})
