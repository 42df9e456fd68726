import { describe, expect, test } from 'vitest'
import type { Lsn } from '../../src/records/lsn.ts'
import { PgoutputDecoder } from '../../src/protocol/pgoutput.ts'
import { SlotStream } from '../../src/protocol/slot-stream.ts'
import type { SlotStreamOptions } from '../../src/protocol/slot-stream.ts'
import { TypeCatalog } from '../../src/values/type-catalog.ts'
import { captured, moodOid } from './captured.ts'
import { ManualTime } from './manual-time.ts'
import { RecordingHandler } from './recording-handler.ts'
import { copyData, FakeSocket, keepalive, settled, xLogData } from './wire.ts'

const begin = xLogData(captured('begin'))
const relation = xLogData(captured('relationItems'))
const insert = xLogData(captured('insertItem'))
const commit = xLogData(captured('commit'))
const commitLsn = 0xa14ae60n
const endLsn = 0xa14ae90n

interface Setup {
  readonly stream: SlotStream
  readonly socket: FakeSocket
  readonly handler: RecordingHandler
  readonly time: ManualTime
  readonly types: TypeCatalog
  readonly disconnected: () => boolean
}

function setup(options: Partial<SlotStreamOptions> = {}): Setup {
  const time = new ManualTime()
  const socket = new FakeSocket()
  const types = new TypeCatalog()
  let disconnected = false
  const stream = new SlotStream({
    slot: 'orders',
    decoder: new PgoutputDecoder({ types, keyColumnsOf: () => undefined }),
    clock: time,
    scheduler: time,
    coalescing: undefined,
    loadTypes: () => Promise.reject(new Error('no types are missing')),
    statusIntervalMs: 10_000,
    receiveTimeoutMs: 60_000,
    messageBytesMax: 1_000_000,
    bufferBytesMax: 1_000_000,
    send: (bytes) => socket.write(bytes),
    disconnect: () => {
      disconnected = true
      return Promise.resolve()
    },
    ...options,
  })
  stream.channel.attach(socket)
  stream.start()
  socket.sent.length = 0
  const handler = new RecordingHandler()
  return { stream, socket, handler, time, types, disconnected: () => disconnected }
}

/** What the status messages say: the position, and whether they ask for an answer. */
function statuses(socket: FakeSocket): readonly [Lsn, boolean][] {
  return socket.sent.map((message) => [message.readBigUInt64BE(14), message.at(-1) === 1])
}

describe('poll', () => {
  test('hands out what has arrived, in order', async () => {
    const { stream, socket, handler } = setup()
    await socket.receive(begin, relation, insert, commit, keepalive(endLsn + 8n, false))

    expect(stream.poll(handler)).toBe('nothing-available')

    expect(handler.calls).toEqual([
      expect.stringMatching(`begin ${commitLsn}`),
      'insert public.items 0',
      `commit ${commitLsn} ${endLsn}`,
      `progress ${endLsn + 8n}`,
    ])
  })

  test('stops where the handler wants it to and goes on from there', async () => {
    const { stream, socket, handler } = setup()
    handler.stopEvery = 1
    await socket.receive(begin, relation, insert, insert, commit)

    const polls = [stream.poll(handler), stream.poll(handler), stream.poll(handler)]

    expect(polls).toEqual(['more-available', 'more-available', 'nothing-available'])
    expect(handler.calls.slice(1)).toEqual([
      'insert public.items 0',
      'insert public.items 1',
      `commit ${commitLsn} ${endLsn}`,
    ])
  })

  test('reports no progress within a transaction', async () => {
    const { stream, socket, handler } = setup()
    await socket.receive(begin, keepalive(1n, false), relation, insert, keepalive(2n, false))

    stream.poll(handler)

    expect(handler.calls.some((call) => call.startsWith('progress'))).toBe(false)
  })
})

describe('available', () => {
  test('resolves when something arrives', async () => {
    const { stream, socket, handler } = setup()
    const available = stream.available()

    await socket.receive(keepalive(5n, false))
    await available

    stream.poll(handler)
    expect(handler.calls).toEqual(['progress 5'])
  })

  test('resolves at once while there is something left', async () => {
    const { stream, socket } = setup()
    await socket.receive(begin)

    await expect(stream.available()).resolves.toBeUndefined()
  })

  test('resolves when the connection breaks', async () => {
    const { stream, handler } = setup()
    const available = stream.available()

    await stream.close()
    await available

    expect(() => stream.poll(handler)).toThrow('closed')
  })
})

describe('types that nobody has looked up', () => {
  const events = [begin, xLogData(captured('relationEvents')), xLogData(captured('insertEvent'))]

  test('hold the stream until they are loaded', async () => {
    const loading = Promise.withResolvers<void>()
    const asked: (readonly number[])[] = []
    const { stream, socket, handler, types } = setup({
      loadTypes: async (oids) => {
        asked.push(oids)
        await loading.promise
        const mood = { oid: String(moodOid), name: 'public.mood', delimiter: ',' }
        await types.load({ query: () => Promise.resolve([mood]) }, oids)
      },
    })
    await socket.receive(...events)

    expect(stream.poll(handler)).toBe('nothing-available')
    expect(stream.poll(handler)).toBe('nothing-available')
    expect(asked).toEqual([[moodOid]])
    const available = stream.available()
    loading.resolve()
    await available

    expect(stream.poll(handler)).toBe('nothing-available')
    expect(handler.changes[0]?.after).toEqual({ id: 9_007_199_254_740_993n, mood: 'ok' })
  })

  test('end the stream with the error of their loading', async () => {
    const { stream, socket, handler } = setup()
    await socket.receive(...events)

    stream.poll(handler)
    await stream.available()

    expect(() => stream.poll(handler)).toThrow('no types are missing')
    expect(() => stream.poll(handler)).toThrow('no types are missing')
  })
})

describe('the status', () => {
  test('is sent at every interval and asks for an answer', () => {
    const { socket, time } = setup()

    time.advance(30_000)

    expect(statuses(socket)).toEqual([
      [0n, true],
      [0n, true],
      [0n, true],
    ])
  })

  test('is sent at once when the server asks, although nobody polls', async () => {
    const { socket } = setup()

    await socket.receive(keepalive(1n, false), keepalive(2n, true))

    expect(statuses(socket)).toEqual([[0n, false]])
  })

  test('is sent while the socket is paused', async () => {
    const { stream, socket, time } = setup({ bufferBytesMax: 10 })
    await socket.receive(begin)

    time.advance(120_000)
    await settled()

    expect(stream.channel.paused).toBe(true)
    expect(statuses(socket)).toHaveLength(12)
    expect(stream.poll(new RecordingHandler())).toBe('nothing-available')
  })

  test('acknowledges only what it was told, soon', async () => {
    const { stream, socket, handler } = setup()
    await socket.receive(begin, relation, insert, commit, keepalive(endLsn + 8n, true))
    stream.poll(handler)
    expect(statuses(socket)).toEqual([[0n, false]])

    stream.acknowledge(endLsn)
    await settled()

    expect(statuses(socket).slice(1)).toEqual([[endLsn, false]])
  })

  test('never takes an acknowledgement back', async () => {
    const { stream, socket, time } = setup()
    stream.acknowledge(20n)
    stream.acknowledge(10n)
    await settled()

    time.advance(10_000)

    expect(statuses(socket)).toEqual([
      [20n, false],
      [20n, true],
    ])
  })
})

describe('failures', () => {
  test('of the connection are thrown after all that arrived before', async () => {
    const { stream, socket, handler } = setup({ bufferBytesMax: 1_000_000 })
    handler.stopEvery = 1
    await socket.receive(begin, relation, insert, insert)
    await stream.close()

    expect(stream.poll(handler)).toBe('more-available')
    expect(stream.poll(handler)).toBe('more-available')
    expect(() => stream.poll(handler)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_CONNECTION_FAILED' }),
    )
    expect(handler.changes).toHaveLength(2)
  })

  test('in the bytes are thrown again and again', async () => {
    const { stream, socket, handler } = setup()
    await socket.receive(insert, keepalive(1n, false))

    for (const _again of [1, 2]) {
      expect(() => stream.poll(handler)).toThrow(
        expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
      )
    }
    expect(handler.calls).toEqual([])
  })

  test.each(['z', '', 'k1234567', 'w123'])('include the message %j', async (payload) => {
    const { stream, socket, handler } = setup()
    await socket.receive(copyData(payload))

    expect(() => stream.poll(handler)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_PROTOCOL_VIOLATED' }),
    )
  })

  test('include a row above the limit, and name its table', async () => {
    const { stream, socket, handler } = setup({ messageBytesMax: 200 })
    const long = Buffer.concat([captured('insertItem'), Buffer.alloc(300)])
    await socket.receive(begin, relation, xLogData(long).subarray(0, 100))

    expect(() => stream.poll(handler)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_POSTGRES_MESSAGE_TOO_LARGE',
        message:
          'a row of the table "public.items" takes 350 bytes in the stream, the limit is 200',
      }),
    )
  })

  test('include a server that is silent for longer than the receive timeout', async () => {
    const { stream, time, handler } = setup()
    const available = stream.available()

    time.advance(70_000)
    await available

    expect(() => stream.poll(handler)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_STREAM_SILENT', retryable: true }),
    )
  })

  test('do not include a server that answers', async () => {
    const { stream, socket, time, handler } = setup()

    for (let count = 0; count < 20; count++) {
      time.advance(10_000)
      await socket.receive(keepalive(1n, false))
    }

    expect(stream.poll(handler)).toBe('nothing-available')
  })

  test('do not include an answer that lay unread while the thread was busy', async () => {
    const { stream, socket, time, handler } = setup()
    socket.push(keepalive(1n, false))

    time.advance(70_000)
    await settled()

    expect(stream.poll(handler)).toBe('nothing-available')
  })
})

describe('close', () => {
  test('sends the last acknowledgement, stops the timer and disconnects', async () => {
    const { stream, socket, time, disconnected } = setup()
    stream.acknowledge(7n)

    await Promise.all([stream.close(), stream.close()])

    expect(statuses(socket)).toEqual([[7n, false]])
    expect(time.waiting).toBe(0)
    expect(disconnected()).toBe(true)
  })
})
