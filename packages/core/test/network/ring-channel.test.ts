import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { ByteRing, byteRingBuffer } from '../../src/network/byte-ring.ts'
import { RingInput } from '../../src/network/ring-input.ts'
import { RingOutput } from '../../src/network/ring-output.ts'
import { noTimestamp, type StreamEvent } from '../../src/network/stream-element.ts'
import { randomValue } from '../state/random-value.ts'

const barrier: StreamEvent = { type: 'barrier', checkpointId: 1, kind: 'periodic' }

/** A channel between threads whose wake-ups and flushes are done by hand. */
class RingChannel {
  readonly calls: string[] = []
  readonly output: RingOutput
  readonly input: RingInput
  #soon: (() => void)[] = []
  readonly #woken = new Set<'reader' | 'writer'>()

  constructor(capacity: number) {
    const buffer = byteRingBuffer(capacity)
    this.output = new RingOutput({
      ring: new ByteRing(buffer),
      wakeReader: () => this.#woken.add('reader'),
      scheduler: {
        soon: (callback) => void this.#soon.push(callback),
        after: () => ({ cancel: () => {} }),
      },
      edgeName: 'edge "a" to "b"',
    })
    this.input = new RingInput({
      ring: new ByteRing(buffer),
      wakeWriter: () => this.#woken.add('writer'),
    })
    this.output.onFull = (full) => void this.calls.push(full ? 'full' : 'not full')
    this.input.onReadable = () => void this.calls.push('readable')
  }

  flush(): void {
    const callbacks = this.#soon
    this.#soon = []
    for (const callback of callbacks) callback()
  }

  wakeReader(): void {
    if (this.#woken.delete('reader')) this.input.poll()
  }

  /** @returns whether it was asked for. */
  wakeWriter(): boolean {
    const asked = this.#woken.delete('writer')
    if (asked) this.output.poll()
    return asked
  }
}

interface Received {
  readonly value?: unknown
  readonly timestamp?: number
  readonly event?: StreamEvent
}

/** Takes up to `max` elements: those of a run one by one. */
function takeInto(received: Received[], input: RingInput, max: number): boolean {
  for (let taken = 0; taken < max; taken += 1) {
    const element = input.take()
    if (element === undefined) return false
    if (element.type === 'records') {
      for (const [index, value] of element.values.entries()) {
        received.push({ value, timestamp: element.timestamps[index] ?? 0 })
      }
    } else {
      received.push({ event: element })
    }
  }
  return true
}

function randomEvent(prng: SeededPrng): StreamEvent {
  const timestamp = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 12.5][randomBelow(prng, 3)]
  const events: readonly StreamEvent[] = [
    barrier,
    { type: 'watermark', timestamp: timestamp ?? 0 },
    { type: 'idle', idle: prng.next() < 0.5 },
    { type: 'end-of-data' },
  ]
  return events[randomBelow(prng, events.length)] ?? barrier
}

describe('a channel between threads', () => {
  test.each([1, 2, 3, 4, 5, 6])('gives what was sent, in its order (seed %i)', (seed) => {
    const prng = new SeededPrng(seed)
    const channel = new RingChannel(2 ** (4 + randomBelow(prng, 8)))
    const sent: Received[] = []
    const received: Received[] = []

    for (let step = 0; step < 600; step += 1) {
      switch (randomBelow(prng, 6)) {
        case 0:
        case 1: {
          const value = randomValue(prng)
          const timestamp = prng.next() < 0.5 ? noTimestamp : randomBelow(prng, 1000)
          channel.output.push(value, timestamp)
          sent.push({ value, timestamp })
          break
        }
        case 2: {
          const event = randomEvent(prng)
          channel.output.pushEvent(event)
          sent.push({ event })
          break
        }
        case 3:
          channel.flush()
          break
        case 4:
          channel.wakeWriter()
          break
        default:
          takeInto(received, channel.input, 5)
      }
    }
    // Only who was woken looks again: no wake-up may be missing.
    channel.flush()
    do takeInto(received, channel.input, Infinity)
    while (channel.wakeWriter())

    expect(sent.length).toBeGreaterThan(200)
    expect(isDeepStrictEqual(received, sent)).toBe(true)
  })

  test('lets a record through that is larger than the ring', () => {
    const channel = new RingChannel(64)
    const large = 'x'.repeat(2_000_000)
    const received: Received[] = []
    channel.output.push({ large }, noTimestamp)
    channel.output.pushEvent(barrier)

    while (received.length < 2) {
      takeInto(received, channel.input, 1)
      channel.wakeWriter()
    }

    expect(received).toEqual([{ value: { large }, timestamp: noTimestamp }, { event: barrier }])
    expect(channel.calls).toEqual(['full', 'not full'])
  })

  test('sends records soon, and those before an event at once', () => {
    const channel = new RingChannel(1024)
    const received: Received[] = []
    channel.output.push('a', 1)
    takeInto(received, channel.input, 1)
    const early = received.length

    channel.flush()
    takeInto(received, channel.input, 1)
    channel.output.push('b', 2)
    channel.output.pushEvent(barrier)
    takeInto(received, channel.input, 2)

    expect(early).toBe(0)
    expect(received).toEqual([
      { value: 'a', timestamp: 1 },
      { value: 'b', timestamp: 2 },
      { event: barrier },
    ])
  })

  test('says that it is readable after nothing was', () => {
    const channel = new RingChannel(1024)
    channel.output.pushEvent(barrier)
    channel.wakeReader()
    const unasked = [...channel.calls]
    takeInto([], channel.input, 2)

    channel.output.pushEvent(barrier)
    channel.output.pushEvent(barrier)
    channel.wakeReader()
    channel.wakeReader()

    expect(unasked).toEqual([])
    expect(channel.calls).toEqual(['readable'])
  })

  test('says once that it is full, takes barriers all the same, and says when it is not', () => {
    const channel = new RingChannel(64)
    for (let i = 0; i < 8; i += 1) channel.output.pushEvent(barrier)
    const full = [...channel.calls]
    const received: Received[] = []

    while (takeInto(received, channel.input, 1)) channel.wakeWriter()

    expect(full).toEqual(['full'])
    expect(channel.calls).toEqual(['full', 'not full'])
    expect(received).toHaveLength(8)
  })

  test('is not full of records that fit, and full of more', () => {
    const channel = new RingChannel(65_536)
    const pushed: number[] = []
    for (let i = 0; channel.calls.length === 0; i += 1) {
      channel.output.push('y'.repeat(1000), noTimestamp)
      pushed.push(i)
    }

    expect(pushed.length).toBeGreaterThan(65)
    expect(pushed.length).toBeLessThan(90)
  })

  test('sends nothing more when a record could not be sent: the error is the cause', () => {
    const channel = new RingChannel(1024)
    channel.output.push({ id: 1 }, noTimestamp)
    const refusal = expect.objectContaining({ code: 'FLINKTS_RECORD_NOT_TRANSFERABLE' }) as Error

    expect(() => channel.output.push({ id: () => 1 }, noTimestamp)).toThrow(refusal)
    channel.flush()

    expect(channel.input.take()).toBeUndefined()
    expect(() => channel.output.push({ id: 2 }, noTimestamp)).toThrow(refusal)
    expect(() => channel.output.pushEvent(barrier)).toThrow(refusal)
  })

  test('names its edge and the part of a record that cannot be sent', () => {
    const channel = new RingChannel(64)

    expect(() => channel.output.push({ when: [() => 1] }, noTimestamp)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_RECORD_NOT_TRANSFERABLE',
        message: 'a record of edge "a" to "b", to another thread, holds a function at ".when[0]"',
      }) as Error,
    )
  })
})
