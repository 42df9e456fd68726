import { FlinktsError } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import type { Row } from '../../src/records/change.ts'
import { CopyChannel } from '../../src/protocol/copy-channel.ts'
import { CopyRowStream } from '../../src/protocol/copy-row-stream.ts'
import { decodeInteger } from '../../src/values/scalar-decoders.ts'
import { copyData, FakeSocket } from './wire.ts'

interface Setup {
  readonly rows: CopyRowStream
  readonly socket: FakeSocket
  readonly taken: Row[]
  take(row: Row): boolean
}

const failure = new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', 'it broke')

function setup(): Setup {
  const channel = new CopyChannel({
    bufferBytesMax: 1000,
    messageBytesMax: 100,
    coalescing: undefined,
    onRead: () => rows.wake(),
    tooLong: () => new FlinktsError('FLINKTS_POSTGRES_MESSAGE_TOO_LARGE', 'too long'),
  })
  const rows = new CopyRowStream(channel, () => ({ names: ['id'], decoders: [decodeInteger] }))
  const socket = new FakeSocket()
  channel.attach(socket)
  const taken: Row[] = []
  return { rows, socket, taken, take: (row) => taken.push(row) < Number.POSITIVE_INFINITY }
}

describe('the rows of a COPY', () => {
  test('are handed out, and the end after the last of them', async () => {
    const { rows, socket, taken, take } = setup()

    await socket.receive(copyData('1\n'), copyData('2\n'))
    expect(rows.poll(take)).toBe('nothing-available')
    await socket.receive(copyData('3\n'))
    rows.end()

    expect(rows.poll(take)).toBe('ended')
    expect(taken).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  test('stop where the consumer wants, and end in a call of its own', async () => {
    const { rows, socket } = setup()
    await socket.receive(copyData('1\n'), copyData('2\n'))
    rows.end()

    const polls = [1, 2, 3].map(() => rows.poll(() => false))

    expect(polls).toEqual(['more-available', 'more-available', 'ended'])
  })

  test('come before the failure', async () => {
    const { rows, socket, taken, take } = setup()
    await socket.receive(copyData('1\n'))
    rows.fail(failure)
    rows.fail(new FlinktsError('FLINKTS_POSTGRES_QUERY_FAILED', 'a later one'))

    expect(() => rows.poll(take)).toThrow(failure)

    expect(taken).toEqual([{ id: 1 }])
  })

  test('end with an error at one that is too long', async () => {
    const { rows, socket, take } = setup()
    await socket.receive(copyData(`${'1'.repeat(200)}\n`))

    expect(() => rows.poll(take)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_POSTGRES_MESSAGE_TOO_LARGE' }),
    )
  })

  test('are available as soon as they arrive, and so are the end and a failure', async () => {
    for (const event of ['row', 'end', 'failure']) {
      const { rows, socket } = setup()
      const available = rows.available()

      if (event === 'row') await socket.receive(copyData('1\n'))
      if (event === 'end') rows.end()
      if (event === 'failure') rows.fail(failure)

      await expect(available).resolves.toBeUndefined()
      await expect(rows.available()).resolves.toBeUndefined()
    }
  })
})
