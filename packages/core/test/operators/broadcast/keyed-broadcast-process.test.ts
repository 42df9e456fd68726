import { describe, expect, test } from 'vitest'
import type { KeyedBroadcastProcess } from '../../../src/operators/broadcast/broadcast-function.ts'
import {
  broadcastState,
  type BroadcastStateDescriptor,
} from '../../../src/state/broadcast-state.ts'
import {
  type StateDescriptor,
  type ValueState,
  valueState,
} from '../../../src/state/state-descriptor.ts'
import {
  type HarnessOptions,
  type TwoInputHarness,
  twoInputHarness,
} from '../../../src/testing/operator-harness.ts'

type Own = { readonly count: StateDescriptor<ValueState<number>> }
type Shared = { readonly limits: BroadcastStateDescriptor<string, number> }
type Counting = KeyedBroadcastProcess<string, number | 'reset', string, string, Own, Shared>

/** Counts each word up to a limit that all share. */
const counting: Counting = {
  state: { count: valueState<number>() },
  process: (_word, { state, broadcast }, { key, timers, timestamp }) => {
    const count = Math.min((state.count.get() ?? 0) + 1, broadcast.limits.get('max') ?? 99)
    state.count.set(count)
    if (timestamp !== undefined) timers.registerEventTime(timestamp + 10)
    return [`${key} ${count}`]
  },
  *processBroadcast(limit, { limits }, context) {
    if (limit !== 'reset') limits.set('max', limit)
    const keys: string[] = []
    context.applyToKeyedState((key, { count }) => {
      keys.push(`${key} ${count.get()}`)
      if (limit === 'reset') count.clear()
      else count.set(Math.min(count.get() ?? 0, limit))
    })
    yield `all: ${keys.toSorted().join(', ')}`
  },
  onTimer: (timestamp, { state, broadcast }, { key }) => [
    `${key} at ${timestamp}: ${state.count.get()} of ${broadcast.limits.get('max')}`,
  ],
}

function harnessOf(
  options: HarnessOptions = {},
): Promise<TwoInputHarness<string, number | 'reset', string>> {
  return twoInputHarness(
    (words, limits) =>
      words
        .keyBy((word) => word)
        .connect(limits.broadcast({ limits: broadcastState<string, number>() }))
        .process('count', counting),
    options,
  )
}

describe('a keyed broadcast process', () => {
  test('has the state of the key, and what all share', async () => {
    const harness = await harnessOf()
    for (const word of ['a', 'a', 'b']) harness.push(0, word)
    harness.push(1, 2)
    for (const word of ['a', 'b', 'b']) harness.push(0, word)

    expect(harness.takeValues()).toEqual([
      'a 1',
      'a 2',
      'b 1',
      'all: a 2, b 1',
      'a 2',
      'b 2',
      'b 2',
    ])
  })

  test('changes the keyed state of all keys', async () => {
    const harness = await harnessOf()
    for (const word of ['a', 'a', 'b', 'a']) harness.push(0, word)
    harness.push(1, 'reset')
    harness.push(1, 1)
    for (const word of ['a', 'b']) harness.push(0, word)

    expect(harness.takeValues().slice(4)).toEqual(['all: a 3, b 1', 'all: ', 'a 1', 'b 1'])
  })

  test('goes on with the right key after all keys were visited', async () => {
    const harness = await harnessOf()
    harness.push(0, 'a')
    harness.push(0, 'b')
    harness.push(0, 'b')
    harness.push(1, 9)
    harness.push(0, 'b')

    expect(harness.takeValues().at(-1)).toBe('b 3')
  })

  test('gives timers both states, and fires them with the smaller watermark', async () => {
    const harness = await harnessOf()
    harness.push(0, 'a', 1)
    harness.push(1, 7)
    harness.watermark(0, 20)
    const before = harness.takeValues()
    harness.watermark(1, 11)

    expect(before).toEqual(['a 1', 'all: a 1'])
    expect(harness.takeValues()).toEqual(['a at 11: 1 of 7'])
  })

  test('is restored with keyed and broadcast state', async () => {
    const first = await harnessOf()
    first.push(0, 'a', 1)
    first.push(1, 2)

    const harness = await harnessOf({ restore: await first.snapshot() })
    harness.push(0, 'a', 1)
    harness.push(0, 'a', 1)
    await harness.endInput()

    expect(harness.takeValues()).toEqual(['a 2', 'a 2', 'a at 11: 2 of 2'])
  })
})
