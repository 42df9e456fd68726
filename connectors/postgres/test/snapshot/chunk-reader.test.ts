import { expect, test } from 'vitest'
import { ChunkReader } from '../../src/snapshot/chunk-reader.ts'
import { ConnectionCache } from '../../src/snapshot/connection-cache.ts'
import type { SnapshotSplit } from '../../src/split.ts'
import { CollectingOutput, FakeServer, pollUntil } from '../support/fake-server.ts'

const chunk: SnapshotSplit = {
  type: 'snapshot',
  splitId: 'snapshot:public.t:1',
  table: 'public.t',
  index: 1,
  key: [{ name: 'id', order: 'native' }],
  lower: ['3'],
  upper: ['7'],
  lsn: '0/1',
  ranges: [],
  finished: false,
}

function newServer(): FakeServer {
  const server = new FakeServer()
  server.ids = [1, 2, 3, 4, 5, 6, 7, 8]
  return server
}

/** Reads a chunk to its end. */
async function read(
  server: FakeServer,
  split: SnapshotSplit,
  output: CollectingOutput,
): Promise<SnapshotSplit> {
  const worker = new ChunkReader(
    server.context,
    split,
    new ConnectionCache(server.context),
    () => {},
  )
  await pollUntil(server, { worker, output }, (status) => status === 'ended')
  const end = worker.snapshot()
  await worker.close()
  return end
}

test('a chunk goes from its lower end, inclusive, to its upper one, exclusive', async () => {
  const output = new CollectingOutput()

  const end = await read(newServer(), chunk, output)

  expect(output.ids).toEqual([3, 4, 5, 6])
  expect(end).toMatchObject({ finished: true, ranges: [{ end: undefined, snapshot: '1:1:' }] })
})

test('a chunk whose connection breaks goes on behind its last row, as another range', async () => {
  const server = newServer()
  server.breakAfter = 2
  const output = new CollectingOutput()

  const end = await read(server, chunk, output)

  expect(output.ids).toEqual([3, 4, 5, 6])
  expect(end.ranges).toEqual([
    { end: ['4'], inclusive: true, snapshot: '1:1:' },
    { end: undefined, inclusive: false, snapshot: '2:2:' },
  ])
})

test('no row goes out before what its snapshot saw is durable', async () => {
  const server = newServer()
  server.crashes = 1
  const output = new CollectingOutput()

  const end = await read(server, chunk, output)

  expect(output.ids).toEqual([3, 4, 5, 6])
  expect(end.ranges).toEqual([{ end: undefined, inclusive: false, snapshot: '2:2:' }])
})

test.each([0, 1, 2, 3, 4])('a chunk restored after row %i gives each row once', async (cut) => {
  const server = newServer()
  const first = new CollectingOutput()
  const connections = new ConnectionCache(server.context)
  const worker = new ChunkReader(server.context, chunk, connections, () => {})
  if (cut > 0) {
    await pollUntil(server, { worker, output: first }, () => first.ids.length === cut)
  }
  const restored = worker.snapshot()
  await worker.close()
  const second = new CollectingOutput()

  await read(server, restored, second)

  expect([...first.ids, ...second.ids]).toEqual([3, 4, 5, 6])
})
