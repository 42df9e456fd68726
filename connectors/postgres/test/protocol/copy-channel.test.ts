import { FlinktsError } from '@flinkts/core/connector'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CopyChannel } from '../../src/protocol/copy-channel.ts'
import type { CopyChannelOptions } from '../../src/protocol/copy-channel.ts'
import { ManualTime } from './manual-time.ts'
import { copyData, FakeSocket, frame, settled } from './wire.ts'

interface Setup {
  readonly channel: CopyChannel
  readonly socket: FakeSocket
  readonly reads: () => number
}

function setup(options: Partial<CopyChannelOptions> = {}): Setup {
  let reads = 0
  const channel = new CopyChannel({
    bufferBytesMax: 1_000_000,
    messageBytesMax: 1_000_000,
    coalescing: undefined,
    onRead: () => {
      reads++
    },
    tooLong: (_head, length) =>
      new FlinktsError('FLINKTS_POSTGRES_MESSAGE_TOO_LARGE', `${length} bytes`),
    ...options,
  })
  const socket = new FakeSocket()
  channel.attach(socket)
  return { channel, socket, reads: () => reads }
}

function takeAll(channel: CopyChannel): readonly string[] {
  const payloads: string[] = []
  while (channel.peek()) {
    payloads.push(channel.bytes.toString('utf8', channel.start, channel.end))
    channel.skip()
  }
  return payloads
}

describe('messages', () => {
  test('are whole, however the bytes are cut into reads', async () => {
    const message = fc.string({ maxLength: 40 })
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 8 }), cuts, async (messages, offsets) => {
        const { channel, socket } = setup()
        const bytes = Buffer.concat(messages.map((text) => copyData(text)))

        await socket.receive(...pieces(bytes, offsets))

        expect(takeAll(channel)).toEqual(messages)
        expect(channel.filled).toBe(false)
      }),
      { numRuns: 50 },
    )
  })

  test('are whole in a read that is longer than what is copied at once', async () => {
    const messages = Array.from({ length: 40 }, (_, index) => 'x'.repeat(index * 1000))
    const { channel, socket } = setup()

    await socket.receive(Buffer.concat(messages.map((text) => copyData(text))))

    expect(takeAll(channel)).toEqual(messages)
  })

  test('can be looked at more than once before they are skipped', async () => {
    const { channel, socket } = setup()
    await socket.receive(copyData('one'), copyData('two'))

    channel.peek()
    channel.peek()

    expect(takeAll(channel)).toEqual(['one', 'two'])
  })

  test('are announced as they arrive, before anybody takes them', async () => {
    const arrived: string[] = []
    const { socket } = setup({
      onArrival: (bytes, start, end) => arrived.push(bytes.toString('utf8', start, end)),
    })

    await socket.receive(Buffer.concat([copyData('a'), copyData('b')]))

    expect(arrived).toEqual(['a', 'b'])
  })

  test('of other types go to the driver, whole and in copies', async () => {
    const { channel, socket } = setup()
    const notice = frame('N', 'a notice')
    const bytes = Buffer.concat([copyData('a'), notice, copyData('b'), notice.subarray(0, 6)])

    await socket.receive(bytes, notice.subarray(6))
    bytes.fill(0, copyData('a').length, copyData('a').length + notice.length)

    expect(socket.driverChunks).toEqual([notice, notice])
    expect(takeAll(channel)).toEqual(['a', 'b'])
  })

  test('after the channel was left go to the driver with the rest of the read', async () => {
    const { channel, socket } = setup()
    socket.onDriver = () => channel.detach()
    const rest = Buffer.concat([frame('C', 'COPY 1'), frame('Z', 'I')])

    await socket.receive(Buffer.concat([copyData('a'), frame('c', ''), rest]))
    await socket.receive(frame('T', 'more'))

    expect(socket.driverChunks).toEqual([frame('c', ''), rest, frame('T', 'more')])
    expect(takeAll(channel)).toEqual(['a'])
  })
})

describe('backpressure', () => {
  test('pauses the socket at the limit and resumes it at half of it', async () => {
    const { channel, socket } = setup({ bufferBytesMax: 100 })
    const message = copyData('x'.repeat(45))

    await socket.receive(message, message)
    expect([channel.paused, socket.isPaused()]).toEqual([true, true])

    channel.peek()
    channel.skip()
    expect([channel.paused, socket.isPaused()]).toEqual([false, false])
  })

  test('lets nothing arrive while the socket is paused, and all of it afterwards', async () => {
    const { channel, socket } = setup({ bufferBytesMax: 10 })
    await socket.receive(copyData('first'))
    await socket.receive(copyData('second'))

    channel.peek()
    channel.skip()
    expect(channel.filled).toBe(false)
    await settled()

    expect(takeAll(channel)).toEqual(['second'])
  })

  test('does not stop in the middle of a message that is longer than the limit', async () => {
    const { channel, socket } = setup({ bufferBytesMax: 10 })
    const message = copyData('x'.repeat(1000))

    await socket.receive(message.subarray(0, 500), message.subarray(500))

    expect(takeAll(channel)).toEqual(['x'.repeat(1000)])
  })
})

describe('coalescing', () => {
  const readBytesMax = 32_768

  test('gathers what follows a read for some milliseconds', async () => {
    const time = new ManualTime()
    const { channel, socket, reads } = setup({ coalescing: { scheduler: time, readBytesMax } })

    await socket.receive(copyData('one'))
    await socket.receive(copyData('two'))
    expect([reads(), socket.isPaused()]).toEqual([1, true])

    time.advance(20)
    await settled()
    expect(takeAll(channel)).toEqual(['one', 'two'])
  })

  test('does not wait after a read that took all it could', async () => {
    const { socket } = setup({ coalescing: { scheduler: new ManualTime(), readBytesMax } })

    await socket.receive(copyData('x'.repeat(32_768)))

    expect(socket.isPaused()).toBe(false)
  })

  test('does not resume a socket that the limit holds', async () => {
    const time = new ManualTime()
    const { socket } = setup({
      coalescing: { scheduler: time, readBytesMax },
      bufferBytesMax: 10,
    })
    await socket.receive(copyData('longer than ten bytes'))

    time.advance(20)

    expect(socket.isPaused()).toBe(true)
  })
})

describe('a message that is too long', () => {
  test('ends the channel after the messages before it, without waiting for all of it', async () => {
    const { channel, socket } = setup({ messageBytesMax: 100 })
    const long = copyData('x'.repeat(1000))

    await socket.receive(copyData('before'), long.subarray(0, 3), long.subarray(3, 60))

    expect(channel.failed).toBe(true)
    expect(takeAll(channel)).toEqual(['before'])
    expect(channel.failure).toMatchObject({
      code: 'FLINKTS_POSTGRES_MESSAGE_TOO_LARGE',
      message: '1005 bytes',
    })
  })

  test('shows its first bytes to whoever makes the error', async () => {
    let head: Buffer | undefined
    const { channel, socket } = setup({
      messageBytesMax: 10,
      tooLong: (bytes) => {
        head = bytes
        return new FlinktsError('FLINKTS_POSTGRES_MESSAGE_TOO_LARGE', 'too long')
      },
    })
    const long = copyData('0123456789'.repeat(10))

    await socket.receive(long.subarray(0, 10), long.subarray(10, 34), long.subarray(34))

    expect(channel.failure).toBeDefined()
    expect(head).toEqual(long.subarray(0, 35))
  })
})

test('refuses a socket on which something else listens', () => {
  const { channel } = setup()
  const socket = new FakeSocket()
  socket.on('data', () => {})

  expect(() => channel.attach(socket)).toThrow('unexpected data listeners')
})

function pieces(bytes: Buffer, offsets: readonly number[]): readonly Buffer[] {
  const cuts = [...new Set(offsets.filter((offset) => offset > 0 && offset < bytes.length))]
  const edges = [0, ...cuts.toSorted((one, other) => one - other), bytes.length]
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge))
}
