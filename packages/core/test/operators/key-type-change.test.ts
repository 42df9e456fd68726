import { describe, expect, test } from 'vitest'
import type { KeyedStream } from '../../src/api/keyed-stream.ts'
import { tumblingEventTimeWindows } from '../../src/operators/window/aligned-windows.ts'
import type { Key } from '../../src/state/key.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import type { HarnessSnapshot } from '../../src/testing/harness/harness-snapshot.ts'
import {
  type HarnessStream,
  operatorHarness,
  type OperatorHarness,
  twoInputHarness,
} from '../../src/testing/operator-harness.ts'

type Keyed = KeyedStream<number, Key, 'exactly-once'>

const operators: readonly (readonly [string, (keyed: Keyed) => HarnessStream<unknown>])[] = [
  [
    'a keyed function',
    (keyed) =>
      keyed.process('keep', {
        state: { last: valueState<number>() },
        process: (value, { last }) => last.set(value),
      }),
  ],
  [
    'a keyed function that has a timer',
    (keyed) =>
      keyed.process('keep', {
        state: {},
        process: (_value, _state, { timers }) => timers.registerEventTime(100),
        onTimer: (): readonly string[] => [],
      }),
  ],
  ['a rolling aggregate', (keyed) => keyed.reduce('keep', (sum, value) => sum + value)],
  [
    'windows',
    (keyed) => keyed.window(tumblingEventTimeWindows(10)).reduce('keep', (one, two) => one + two),
  ],
]

function start(
  build: (keyed: Keyed) => HarnessStream<unknown>,
  selectKey: (value: number) => Key,
  restore?: HarnessSnapshot,
): Promise<OperatorHarness<number, unknown>> {
  return operatorHarness<number, unknown>(
    (input) => build(input.keyBy(selectKey)),
    restore === undefined ? {} : { restore },
  )
}

describe('a key selector that gives keys of another type after a restore', () => {
  test.each(operators)('is refused with the first record: %s', async (_what, build) => {
    const first = await start(build, (value) => value)
    first.push(1, 1)
    first.watermark(5)
    const snapshot = await first.snapshot()
    const second = await start(build, (value) => `${value}`, snapshot)

    expect(() => second.push(1, 6)).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_INCOMPATIBLE',
        message:
          'operator "keep" was given a key of type string, but the checkpoint holds its state by ' +
          'keys of type number',
      }),
    )
  })

  test.each(operators)('is refused after another checkpoint too: %s', async (_what, build) => {
    const first = await start(build, (value) => `${value}`)
    first.push(1, 1)
    first.watermark(5)
    const second = await start(build, (value) => value, await first.snapshot())
    second.watermark(6)
    const third = await start(build, (value) => value, await second.snapshot())

    for (const harness of [second, third]) {
      expect(() => harness.push(1, 6)).toThrow('of type number')
    }
  })

  test('is refused by a join, on either side', async () => {
    const join = (
      left: (value: number) => Key,
      right: (value: number) => Key,
      restore?: HarnessSnapshot,
    ): ReturnType<typeof twoInputHarness<number, number, string>> =>
      twoInputHarness<number, number, string>(
        (one, other) =>
          one
            .keyBy(left)
            .intervalJoin(other.keyBy(right))
            .between(-5, 5)
            .process('join', (a, b) => [`${a} ${b}`]),
        restore === undefined ? {} : { restore },
      )
    const number = (value: number): Key => value
    const first = await join(number, number)
    first.push(0, 1, 1)
    const snapshot = await first.snapshot()

    const second = await join(number, (value) => `${value}`, snapshot)

    expect(() => second.push(1, 1, 1)).toThrow('of type string')
  })
})
