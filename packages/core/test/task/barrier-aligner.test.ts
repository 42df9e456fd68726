import { describe, expect, test } from 'vitest'
import { BarrierAligner } from '../../src/task/barrier-aligner.ts'
import { barrierOf } from '../operators/fixtures.ts'

/** What an aligner of two channels has seen: barriers as [channel, checkpoint]. */
const states = {
  fresh: [],
  'aligning 5, channel 0 waits': [[0, 5]],
  'aligning 5, channel 1 waits': [[1, 5]],
  '5 is complete': [
    [0, 5],
    [1, 5],
  ],
  '5 is given up, aligning 7, channel 0 waits': [
    [0, 5],
    [0, 7],
  ],
  '5 is given up, aligning 7, channel 1 waits': [
    [0, 5],
    [1, 7],
  ],
} as const satisfies Record<string, readonly (readonly [number, number])[]>

const events = {
  '4 on channel 0': [0, 4],
  '4 on channel 1': [1, 4],
  '5 on channel 0': [0, 5],
  '5 on channel 1': [1, 5],
  '7 on channel 0': [0, 7],
  '7 on channel 1': [1, 7],
  '9 on channel 0': [0, 9],
  '9 on channel 1': [1, 9],
} as const satisfies Record<string, readonly [number, number]>

type Event = keyof typeof events

/** `taken`: the checkpoint is taken; else which channel is blocked after the event. */
type Expected = 'taken' | 'none blocked' | '0 blocked' | '1 blocked'

const table: Record<keyof typeof states, Record<Event, Expected>> = {
  fresh: {
    '4 on channel 0': '0 blocked',
    '4 on channel 1': '1 blocked',
    '5 on channel 0': '0 blocked',
    '5 on channel 1': '1 blocked',
    '7 on channel 0': '0 blocked',
    '7 on channel 1': '1 blocked',
    '9 on channel 0': '0 blocked',
    '9 on channel 1': '1 blocked',
  },
  'aligning 5, channel 0 waits': {
    '4 on channel 0': '0 blocked',
    '4 on channel 1': '0 blocked',
    '5 on channel 0': '0 blocked',
    '5 on channel 1': 'taken',
    '7 on channel 0': '0 blocked',
    '7 on channel 1': '1 blocked',
    '9 on channel 0': '0 blocked',
    '9 on channel 1': '1 blocked',
  },
  'aligning 5, channel 1 waits': {
    '4 on channel 0': '1 blocked',
    '4 on channel 1': '1 blocked',
    '5 on channel 0': 'taken',
    '5 on channel 1': '1 blocked',
    '7 on channel 0': '0 blocked',
    '7 on channel 1': '1 blocked',
    '9 on channel 0': '0 blocked',
    '9 on channel 1': '1 blocked',
  },
  '5 is complete': {
    '4 on channel 0': 'none blocked',
    '4 on channel 1': 'none blocked',
    '5 on channel 0': 'none blocked',
    '5 on channel 1': 'none blocked',
    '7 on channel 0': '0 blocked',
    '7 on channel 1': '1 blocked',
    '9 on channel 0': '0 blocked',
    '9 on channel 1': '1 blocked',
  },
  '5 is given up, aligning 7, channel 0 waits': {
    '4 on channel 0': '0 blocked',
    '4 on channel 1': '0 blocked',
    '5 on channel 0': '0 blocked',
    '5 on channel 1': '0 blocked',
    '7 on channel 0': '0 blocked',
    '7 on channel 1': 'taken',
    '9 on channel 0': '0 blocked',
    '9 on channel 1': '1 blocked',
  },
  '5 is given up, aligning 7, channel 1 waits': {
    '4 on channel 0': '1 blocked',
    '4 on channel 1': '1 blocked',
    '5 on channel 0': '1 blocked',
    '5 on channel 1': '1 blocked',
    '7 on channel 0': 'taken',
    '7 on channel 1': '1 blocked',
    '9 on channel 0': '0 blocked',
    '9 on channel 1': '1 blocked',
  },
}

function alignerAfter(barriers: readonly (readonly [number, number])[]): BarrierAligner {
  const aligner = new BarrierAligner(2)
  for (const [channel, checkpointId] of barriers) aligner.receive(channel, barrierOf(checkpointId))
  return aligner
}

function blockedBy(aligner: BarrierAligner): Expected {
  if (aligner.blocks(0)) return '0 blocked'
  return aligner.blocks(1) ? '1 blocked' : 'none blocked'
}

const cases = Object.entries(table).flatMap(([state, row]) =>
  Object.entries(row).map(([event, expected]) => ({ state, event, expected })),
)

describe('the barrier aligner', () => {
  test.each(cases)('in state "$state" with barrier $event: $expected', (row) => {
    const aligner = alignerAfter(states[row.state as keyof typeof states])
    const [channel, checkpointId] = events[row.event as Event]

    const taken = aligner.receive(channel, barrierOf(checkpointId))

    expect(taken ? 'taken' : blockedBy(aligner)).toBe(row.expected)
    expect(taken && blockedBy(aligner) !== 'none blocked').toBe(false)
  })

  test('takes a checkpoint at once from a single channel, and each only once', () => {
    const aligner = new BarrierAligner(1)

    const taken = [1, 1, 3, 2].map((id) => aligner.receive(0, barrierOf(id)))

    expect(taken).toEqual([true, false, true, false])
  })

  test('waits for all of many channels, in any order', () => {
    const aligner = new BarrierAligner(3)

    const taken = [2, 0, 2, 1].map((channel) => aligner.receive(channel, barrierOf(1)))

    expect(taken).toEqual([false, false, false, true])
    expect([0, 1, 2].some((channel) => aligner.blocks(channel))).toBe(false)
  })

  test('may jump over a checkpoint that one channel never saw', () => {
    const aligner = new BarrierAligner(2)
    aligner.receive(0, barrierOf(1))
    aligner.receive(1, barrierOf(1))

    aligner.receive(0, barrierOf(3))
    const late = aligner.receive(1, barrierOf(2))
    const taken = aligner.receive(1, barrierOf(3))

    expect([late, taken]).toEqual([false, true])
  })
})
