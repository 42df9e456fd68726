import type { MetricGroup } from '@flinkts/core/connector'
import { expect, onTestFinished, test } from 'vitest'
import { schemaFingerprint } from '../../src/records/relation.ts'
import type { StreamSplit } from '../../src/split.ts'
import { StreamReader } from '../../src/stream/stream-reader.ts'
import { CollectingOutput, FakeServer, pollUntil, relation } from '../support/fake-server.ts'

const metrics: MetricGroup = { counter: () => ({ add: () => {} }), gauge: () => {} }

const start: StreamSplit = {
  type: 'stream',
  splitId: 'stream',
  systemId: '7',
  endLsn: '0/64',
  openLsn: undefined,
  openIndex: 0,
  joinLsn: '0/0',
  tables: [
    {
      table: relation.table,
      key: [{ name: 'id', order: 'native' }],
      schema: schemaFingerprint(relation),
      ranges: [],
    },
  ],
}

function newServer(): FakeServer {
  const server = new FakeServer()
  server.transactions = [
    { finalLsn: 0x70n, endLsn: 0x78n, ids: [1, 2, 3] },
    { finalLsn: 0x80n, endLsn: 0x88n, ids: [4] },
    { finalLsn: 0x90n, endLsn: 0x98n, ids: [5, 6] },
  ]
  return server
}

function readerOf(server: FakeServer, split: StreamSplit): StreamReader {
  const reader = new StreamReader(server.context, metrics, split, () => {})
  onTestFinished(() => reader.close())
  return reader
}

async function readUntil(
  server: FakeServer,
  worker: StreamReader,
  id: number,
): Promise<readonly unknown[]> {
  const output = new CollectingOutput()
  await pollUntil(server, { worker, output }, () => output.ids.includes(id))
  return output.ids
}

test('the stream gives every change once, from its position on', async () => {
  const server = newServer()

  expect(await readUntil(server, readerOf(server, start), 6)).toEqual([1, 2, 3, 4, 5, 6])
  const later = readerOf(server, { ...start, endLsn: '0/78' })
  expect(await readUntil(server, later, 6)).toEqual([4, 5, 6])
})

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
  'a stream whose connection breaks at event %i gives every change once',
  async (breakAfter) => {
    const server = newServer()
    server.breakAfter = breakAfter

    expect(await readUntil(server, readerOf(server, start), 6)).toEqual([1, 2, 3, 4, 5, 6])
  },
)

test.each([1, 2, 3, 4, 5])(
  'a stream restored after change %i goes on with the next',
  async (cut) => {
    const server = newServer()
    const first = readerOf(server, start)
    const before = await readUntil(server, first, cut)
    const restored = first.snapshot(1)

    const after = await readUntil(server, readerOf(server, restored), 6)

    expect([...before, ...after]).toEqual([1, 2, 3, 4, 5, 6])
  },
)

test('I2: acknowledges what the oldest retained checkpoint holds, and nothing beyond', async () => {
  const server = newServer()
  const reader = readerOf(server, start)
  await readUntil(server, reader, 4)
  reader.snapshot(1)
  await readUntil(server, reader, 5)
  reader.snapshot(2)
  await readUntil(server, reader, 6)

  reader.acknowledge(1)
  expect(server.acknowledged).toEqual([0x78n])
  reader.acknowledge(2)
  expect(server.acknowledged).toEqual([0x78n, 0x88n])
})

test('acknowledges nothing for a checkpoint that an earlier attempt took', async () => {
  const server = newServer()
  const reader = readerOf(server, start)
  await readUntil(server, reader, 6)
  reader.snapshot(5)

  reader.acknowledge(4)

  expect(server.acknowledged).toEqual([])
})
