import { expect, test } from 'vitest'
import { MessageQueue } from '../../src/protocol/message-queue.ts'
import { copyData } from './wire.ts'

function push(queue: MessageQueue, ...payloads: readonly string[]): void {
  const bytes = Buffer.concat(payloads.map((payload) => copyData(payload)))
  queue.push(bytes, 0, bytes.length)
  // What was pushed is a copy.
  bytes.fill(0)
}

function takeNext(queue: MessageQueue): string | undefined {
  if (!queue.peek()) return undefined
  const payload = queue.bytes.toString('utf8', queue.start, queue.end)
  queue.skip()
  return payload
}

test('gives messages in order, however pushing and taking alternate', () => {
  const queue = new MessageQueue()
  const payloads = Array.from({ length: 500 }, (_, index) => `${index}:`.padEnd(index * 7, 'x'))
  const taken: unknown[] = []

  for (const [index, payload] of payloads.entries()) {
    push(queue, payload)
    if (index % 3 !== 0) taken.push(takeNext(queue))
  }
  while (queue.byteCount > 0) taken.push(takeNext(queue))

  expect(taken).toEqual(payloads)
  expect(takeNext(queue)).toBeUndefined()
})

test('holds a message that is longer than a block', () => {
  const queue = new MessageQueue()
  const long = 'x'.repeat(1_000_000)

  push(queue, 'before')
  push(queue, long)
  push(queue, 'after')

  expect([takeNext(queue), takeNext(queue), takeNext(queue)]).toEqual(['before', long, 'after'])
})

test('uses the memory of messages that were taken again', () => {
  const queue = new MessageQueue()
  const buffers = new Set<Buffer>()

  for (let round = 0; round < 100; round += 1) {
    push(queue, 'x'.repeat(100_000), 'y'.repeat(100_000))
    while (queue.peek()) {
      buffers.add(queue.bytes)
      queue.skip()
    }
  }

  expect(buffers.size).toBe(1)
  expect(queue.byteCount).toBe(0)
})
