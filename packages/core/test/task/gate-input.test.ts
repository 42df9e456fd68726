import { describe, expect, test } from 'vitest'
import { Channel } from '../../src/network/channel.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import { InputGate } from '../../src/network/input-gate.ts'
import type { StreamEvent } from '../../src/network/stream-element.ts'
import { GateInput } from '../../src/task/gate-input.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { barrierOf, RecordingOutput } from '../operators/fixtures.ts'

/** `ports`: for every channel, the input that it belongs to; default: all to one. */
function inputOf(
  channelCount: number,
  ports: readonly number[] = Array.from({ length: channelCount }, () => 0),
): {
  input: GateInput
  channels: readonly [Channel, ...Channel[]]
  head: RecordingOutput
  second: RecordingOutput
  flow: FlowControl
  clock: ManualScheduler
  processed: () => number
} {
  const clock = new ManualScheduler()
  const flow = new FlowControl()
  const head = new RecordingOutput()
  const second = new RecordingOutput()
  const create = (): Channel => new Channel({ recordsMax: 100, runRecordsMax: 3 })
  const channels: [Channel, ...Channel[]] = [create()]
  while (channels.length < channelCount) channels.push(create())
  let processed = 0
  const listener = {
    barrierReceived: ({ checkpointId }: { checkpointId: number }, alignmentMs: number) =>
      void head.emitted.push(`checkpoint ${checkpointId} after ${alignmentMs} ms`),
    recordsProcessed: (count: number) => {
      processed += count
    },
  }
  const gate = new InputGate(channels, () => {})
  const input = new GateInput({
    onWatermark: () => {},
    combined: false,
    gate,
    ports,
    heads: ports.includes(1) ? [head, second] : [head],
    flow,
    clock,
    listener,
  })
  return { input, channels, head, second, flow, clock, processed: () => processed }
}

function push(channel: Channel | undefined, ...values: readonly string[]): void {
  for (const value of values) channel?.push(value, 1)
}

const ended = { type: 'end-of-data' } as const

describe('the input of a task from channels', () => {
  test('processes as many records as it may, and goes on where it was', () => {
    const { input, channels, head, processed } = inputOf(1)
    push(channels[0], 'a', 'b', 'c', 'd', 'e')

    const first = input.step(2)
    const afterFirst = [...head.emitted]
    const second = input.step(10)

    expect([first, second]).toEqual(['more', 'nothing'])
    expect(afterFirst).toEqual(['a', 'b'])
    expect(head.emitted).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(processed()).toBe(5)
  })

  test('stops in the middle of a run when the chain halts', () => {
    const { input, channels, head, flow } = inputOf(1)
    push(channels[0], 'a', 'b', 'c')
    head.onRecord = (value) => {
      if (value === 'b') flow.channelFull(true)
    }

    const halted = [input.step(10), input.step(10)]
    const during = [...head.emitted]
    flow.channelFull(false)
    input.step(10)

    expect(halted).toEqual(['halted', 'halted'])
    expect(during).toEqual(['a', 'b'])
    expect(head.emitted).toEqual(['a', 'b', 'c'])
  })

  test('holds a channel back from its barrier until the others have theirs', () => {
    const { input, channels, head, clock } = inputOf(2)
    push(channels[0], 'a0')
    channels[0].pushEvent(barrierOf(1))
    push(channels[0], 'b0')
    push(channels[1], 'a1')

    input.step(100)
    const aligning = [...head.emitted]
    clock.pass(30)
    push(channels[1], 'b1')
    channels[1]?.pushEvent(barrierOf(1))
    push(channels[1], 'c1')
    input.step(100)

    expect(aligning).toEqual(['a0', 'a1'])
    expect(head.emitted).toEqual(['a0', 'a1', 'b1', 'checkpoint 1 after 30 ms', 'b0', 'c1'])
  })

  test('measures an alignment from the first barrier of its own checkpoint', () => {
    const { input, channels, head, clock } = inputOf(2)
    channels[0].pushEvent(barrierOf(1))
    input.step(100)
    clock.pass(500)
    channels[1]?.pushEvent(barrierOf(2))
    input.step(100)
    clock.pass(20)

    // The channel is blocked by the checkpoint that was given up no longer.
    channels[0].pushEvent(barrierOf(2))
    input.step(100)

    expect(head.emitted).toEqual(['checkpoint 2 after 20 ms'])
  })

  test.each([
    ['watermark', { type: 'watermark', timestamp: 5 }, 'watermark 5'],
    ['barrier', barrierOf(1), 'checkpoint 1 after 0 ms'],
  ] as const)('lets no %s overtake an emission that is suspended', (_name, event, told) => {
    const { input, channels, head, flow } = inputOf(1)
    push(channels[0], 'a')
    channels[0].pushEvent(event)
    head.onRecord = (value) => {
      if (value === 'a') flow.suspend({ resume: () => head.collect('rest of a', 1) })
    }

    const halted = input.step(100)
    flow.resume()
    input.step(100)

    expect(halted).toBe('halted')
    expect(head.emitted).toEqual(['a', 'rest of a', told])
  })

  test('passes watermarks by the rules of the valve', () => {
    const { input, channels, head } = inputOf(2)
    channels[0].pushEvent({ type: 'watermark', timestamp: 5 })
    channels[1]?.pushEvent({ type: 'idle', idle: true })

    input.step(100)

    expect(head.emitted).toEqual(['watermark 5'])
  })

  test('ends when every channel has ended, and still takes barriers', () => {
    const { input, channels, head } = inputOf(2)
    channels[0].pushEvent(ended)
    const oneEnded = input.step(100)
    push(channels[1], 'a')
    channels[1]?.pushEvent(ended)

    const allEnded = [input.step(100), input.step(100)]
    for (const channel of channels) channel.pushEvent(barrierOf(9))
    const afterBarrier = input.step(100)

    expect(oneEnded).toBe('nothing')
    expect(allEnded).toEqual(['ended', 'ended'])
    expect(afterBarrier).toBe('ended')
    expect(head.emitted).toEqual(['a', 'checkpoint 9 after 0 ms'])
  })

  test('does not end while a record of it is still in the chain', () => {
    const { input, channels, head, flow } = inputOf(1)
    push(channels[0], 'a')
    channels[0].pushEvent(ended)
    head.onRecord = () => flow.waitFor(Promise.withResolvers<void>().promise)

    const step = [input.step(100), input.step(100)]

    expect(step).toEqual(['halted', 'halted'])
  })
})

describe('the two inputs of an operator', () => {
  const watermark = (timestamp: number): StreamEvent => ({ type: 'watermark', timestamp })
  const idle: StreamEvent = { type: 'idle', idle: true }

  test('give each record to the input that its channel belongs to', () => {
    const { input, channels, head, second, processed } = inputOf(3, [0, 1, 0])
    push(channels[0], 'a0', 'b0')
    push(channels[1], 'a1', 'b1')
    push(channels[2], 'a2')

    input.step(100)

    expect(head.emitted).toEqual(['a0', 'b0', 'a2'])
    expect(second.emitted).toEqual(['a1', 'b1'])
    expect(processed()).toBe(5)
  })

  test('have a watermark each, the smallest of their own channels', () => {
    const { input, channels, head, second } = inputOf(4, [0, 1, 0, 1])
    for (const [channel, timestamp] of [8, 3, 5, 4].entries()) {
      channels[channel]?.pushEvent(watermark(timestamp))
    }

    input.step(100)

    expect(head.emitted).toEqual(['watermark 5'])
    expect(second.emitted).toEqual(['watermark 3'])
  })

  test('turn idle each by itself', () => {
    const { input, channels, head, second } = inputOf(3, [0, 1, 1])
    channels[1]?.pushEvent(watermark(3))
    channels[1]?.pushEvent(idle)
    channels[0].pushEvent(watermark(9))
    input.step(100)
    const oneIdle = [...second.emitted]

    channels[2]?.pushEvent(idle)
    input.step(100)

    expect(oneIdle).toEqual([])
    expect(head.emitted).toEqual(['watermark 9'])
    expect(second.emitted).toEqual(['watermark 3', 'idle'])
  })

  test('wait for a barrier on the channels of both', () => {
    const { input, channels, head, second } = inputOf(3, [0, 0, 1])
    channels[0].pushEvent(barrierOf(1))
    push(channels[0], 'late0')
    channels[1]?.pushEvent(barrierOf(1))
    push(channels[1], 'late1')
    push(channels[2], 'early2')

    input.step(100)
    const aligning = [...head.emitted, ...second.emitted]
    channels[2]?.pushEvent(barrierOf(1))
    push(channels[2], 'late2')
    input.step(100)

    expect(aligning).toEqual(['early2'])
    expect(head.emitted).toEqual(['checkpoint 1 after 0 ms', 'late0', 'late1'])
    expect(second.emitted).toEqual(['early2', 'late2'])
  })

  test('end when both have ended, and not with the first', () => {
    const { input, channels, second } = inputOf(2, [0, 1])
    channels[0].pushEvent(watermark(Infinity))
    channels[0].pushEvent(ended)
    const first = input.step(100)
    push(channels[1], 'a1')
    channels[1]?.pushEvent(ended)

    const both = input.step(100)

    expect(first).toBe('nothing')
    expect(both).toBe('ended')
    expect(second.emitted).toEqual(['a1'])
  })
})

/** Feeds elements one by one: `d0` data, `b2@1` barrier 2 on channel 1, `e0` the end of one. */
function feed(fixture: ReturnType<typeof inputOf>, elements: string): readonly unknown[] {
  const { input, channels, head } = fixture
  for (const element of elements.split(' ')) {
    const {
      kind,
      value = '',
      at = value,
    } = /^(?<kind>[dbe])(?<value>\d)(?:@(?<at>\d))?$/.exec(element)?.groups ?? {}
    const channel = channels[Number(at)]
    if (kind === 'd') push(channel, element)
    if (kind === 'b') channel?.pushEvent(barrierOf(Number(value)))
    if (kind === 'e') channel?.pushEvent(ended)
    input.step(100)
  }
  return head.emitted.splice(0)
}

const checkpoint = (id: number): string => `checkpoint ${id} after 0 ms`

describe('barriers, in the cases of Flink', () => {
  test('C36: the last one has the checkpoint taken, and no channel stays blocked', () => {
    const fixture = inputOf(3)

    const first = feed(fixture, 'd0 d2 d0 b1@1 b1@2 d2 d0 b1@0')
    const second = feed(fixture, 'd0 d0 d1 d1 d2 b2@0 b2@1 b2@2')
    const fromOne = feed(fixture, 'd2 d2 b3@2 d2 d2 b3@0 d0 b3@1')
    const empty = feed(fixture, 'b4@1 b4@2 b4@0')
    const rest = feed(fixture, 'd0 d1 d2 e0 e1 e2')

    expect(first).toEqual(['d0', 'd2', 'd0', 'd0', checkpoint(1), 'd2'])
    expect(second).toEqual(['d0', 'd0', 'd1', 'd1', 'd2', checkpoint(2)])
    expect(fromOne).toEqual(['d2', 'd2', checkpoint(3), 'd2', 'd2', 'd0'])
    expect(empty).toEqual([checkpoint(4)])
    expect(rest).toEqual(['d0', 'd1', 'd2'])
  })

  /**
   * In Flink a channel that ends is closed, and counts as aligned. Here no channel closes before
   * the job has committed its last checkpoint: one whose data has ended still brings every barrier,
   * is waited for like the others, and counts once.
   */
  test('C37: a channel that has ended brings its barriers, and each counts once', () => {
    const fixture = inputOf(3)

    const endedAfterBarrier = feed(fixture, 'd0 b1@0 e0 d1 b1@1 d1 d2')
    const lastBarrier = feed(fixture, 'b1@2')
    const endedWithout = feed(fixture, 'b2@1 d1 d2 b2@2')
    const barrierOfEnded = feed(fixture, 'b2@0')
    const allEnded = feed(fixture, 'e1 e2 b3@2 b3@1 b3@0')

    expect(endedAfterBarrier).toEqual(['d0', 'd1', 'd2'])
    expect(lastBarrier).toEqual([checkpoint(1), 'd1'])
    expect(endedWithout).toEqual(['d2'])
    expect(barrierOfEnded).toEqual([checkpoint(2), 'd1'])
    expect(allEnded).toEqual([checkpoint(3)])
    expect(fixture.input.step(100)).toBe('ended')
  })
})
