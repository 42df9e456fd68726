import { describe, expect, test } from 'vitest'
import type { KeyedProcess } from '../../src/operators/keyed-process-function.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import type { HarnessSnapshot } from '../../src/testing/harness/harness-snapshot.ts'
import {
  type HarnessOptions,
  type HarnessStream,
  operatorHarness,
  type OperatorHarness,
} from '../../src/testing/operator-harness.ts'

interface Order {
  readonly user: string
  readonly amount: number
}

const refunds = outputTag<number>('refunds')
const sumState = { sum: valueState<number>() }

/** Sums a user's amounts, and tells the sum at the end of each second of event time. */
const totals: KeyedProcess<Order, string, string, typeof sumState> = {
  state: sumState,
  process({ amount }, { sum }, { timers, timestamp }) {
    if (amount === 13) throw new Error('unlucky')
    sum.set((sum.get() ?? 0) + amount)
    if (timestamp !== undefined) timers.registerEventTime(Math.ceil(timestamp / 1000) * 1000)
  },
  onTimer: (_timestamp, { sum }, { key }) => [`${key}: ${sum.get()}`],
}

const sums: KeyedProcess<Order, string, string, typeof sumState> = {
  state: sumState,
  process({ amount }, { sum }, context) {
    if (amount < 0) context.output(refunds, -amount)
    const total = (sum.get() ?? 0) + amount
    sum.set(total)
    return [`${context.key}: ${total}`]
  },
}

const users: readonly string[] = Array.from({ length: 20 }, (_, index) => `user ${index}`)

function keyed<Out>(
  process: KeyedProcess<Order, string, Out, typeof sumState>,
  options: HarnessOptions = {},
): Promise<OperatorHarness<Order, Out>> {
  return operatorHarness(
    (orders: HarnessStream<Order>) => orders.keyBy(({ user }) => user).process('totals', process),
    options,
  )
}

describe('the operator harness', () => {
  test('gives what operators emit for a record at once', async () => {
    const harness = await operatorHarness((numbers: HarnessStream<number>) =>
      numbers
        .filter((number) => number % 2 === 1)
        .map((number) => number * 10)
        .flatMap((number) => [number, -number]),
    )

    harness.push(1, 10)
    harness.push(2, 20)
    harness.push(3)

    expect(harness.take()).toEqual([
      { type: 'record', value: 10, timestamp: 10 },
      { type: 'record', value: -10, timestamp: 10 },
      { type: 'record', value: 30, timestamp: undefined },
      { type: 'record', value: -30, timestamp: undefined },
    ])
    expect(harness.take()).toEqual([])
  })

  test('fires the timers that a watermark makes due, and passes it on behind them', async () => {
    const harness = await keyed(totals)

    harness.push({ user: 'a', amount: 1 }, 500)
    harness.push({ user: 'a', amount: 2 }, 600)
    harness.watermark(999)
    harness.watermark(1000)

    expect(harness.take()).toEqual([
      { type: 'watermark', timestamp: 999 },
      { type: 'record', value: 'a: 3', timestamp: 1000 },
      { type: 'watermark', timestamp: 1000 },
    ])
  })

  test('ignores a watermark that goes back, as a job does', async () => {
    const harness = await keyed(totals)

    harness.watermark(5)
    harness.watermark(4)

    expect(harness.take()).toEqual([{ type: 'watermark', timestamp: 5 }])
  })

  test('is idle until the next record or watermark', async () => {
    const harness = await keyed(sums)

    harness.idle(true)
    harness.idle(true)
    harness.push({ user: 'a', amount: 1 })
    harness.idle(true)
    harness.watermark(7)

    expect(harness.take()).toEqual([
      { type: 'idle', idle: true },
      { type: 'idle', idle: false },
      { type: 'record', value: 'a: 1', timestamp: undefined },
      { type: 'idle', idle: true },
      { type: 'idle', idle: false },
      { type: 'watermark', timestamp: 7 },
    ])
  })

  test('fires processing-time timers in order while time passes', async () => {
    const harness = await keyed(
      {
        state: sumState,
        process({ user, amount }, _state, { timers, processingTime }) {
          timers.registerProcessingTime(processingTime + amount)
          return [`${user} at ${processingTime}`]
        },
        onTimer: (timestamp, _state, { key, processingTime }) => [
          `${key} due ${timestamp} at ${processingTime}`,
        ],
      },
      { startTimeMs: 100 },
    )

    harness.push({ user: 'a', amount: 50 })
    harness.push({ user: 'b', amount: 20 })
    await harness.advanceProcessingTimeTo(149)
    const before = harness.takeValues()
    await harness.advanceProcessingTimeTo(1000)

    expect(before).toEqual(['a at 100', 'b at 100', 'b due 120 at 120'])
    expect(harness.takeValues()).toEqual(['a due 150 at 150'])
    expect(harness.processingTime).toBe(1000)
  })

  test('refuses to go back in processing time', async () => {
    const harness = await keyed(sums, { startTimeMs: 100 })

    await expect(harness.advanceProcessingTimeTo(99)).rejects.toMatchObject({
      code: 'FLINKTS_TEST_INVALID',
      message: 'processing time cannot go from 100 to 99',
    })
  })

  test('gives what went to side outputs', async () => {
    const harness = await keyed(sums)

    harness.push({ user: 'a', amount: -5 })

    expect(harness.takeSide(refunds)).toEqual([5])
    expect(harness.takeSide(refunds)).toEqual([])
    expect(harness.takeValues()).toEqual(['a: -5'])
  })

  test('gives a side output as the main one if the stream is one', async () => {
    const harness = await operatorHarness((orders: HarnessStream<Order>) =>
      orders
        .keyBy(({ user }) => user)
        .process('sums', sums)
        .sideOutput(refunds),
    )

    harness.push({ user: 'a', amount: -5 })

    expect(harness.takeValues()).toEqual([5])
  })

  test('pushes until a long emission is through', async () => {
    const harness = await operatorHarness((numbers: HarnessStream<number>) =>
      numbers.flatMap(function* count(limit) {
        for (let next = 0; next < limit; next += 1) yield next
      }),
    )

    harness.push(5000)

    expect(harness.takeValues()).toHaveLength(5000)
  })

  test('throws what a function throws, and again at every later call', async () => {
    const harness = await keyed(totals)
    const unlucky = {
      code: 'FLINKTS_USER_FUNCTION_FAILED',
      message: expect.stringContaining('"totals" threw "unlucky"') as string,
    }

    expect(() => harness.push({ user: 'a', amount: 13 })).toThrow(expect.objectContaining(unlucky))
    expect(() => harness.watermark(5)).toThrow(expect.objectContaining(unlucky))
    await harness.close()
  })

  test('ends event time and the input', async () => {
    const harness = await keyed(totals)

    harness.push({ user: 'a', amount: 1 }, 500)
    await harness.endInput()

    expect(harness.take()).toEqual([
      { type: 'record', value: 'a: 1', timestamp: 1000 },
      { type: 'watermark', timestamp: Infinity },
    ])
    expect(() => harness.push({ user: 'a', amount: 1 })).toThrow(
      'the input of the harness has ended',
    )
  })

  test('can do nothing after it was closed', async () => {
    const harness = await keyed(totals)

    await harness.close()
    await harness.close()

    expect(() => harness.watermark(1)).toThrow('the harness is closed')
    await expect(harness.snapshot()).rejects.toThrow('the harness is closed')
  })
})

describe('a snapshot of the harness', () => {
  test('holds state and timers as they were, and the harness goes on', async () => {
    const first = await keyed(totals)
    first.push({ user: 'a', amount: 1 }, 500)
    const snapshot = await first.snapshot()
    first.push({ user: 'a', amount: 10 }, 500)
    first.watermark(1000)

    const second = await keyed(totals, { restore: structuredClone(snapshot) })
    second.push({ user: 'a', amount: 100 }, 700)
    second.watermark(1000)

    expect(first.takeValues()).toEqual(['a: 11'])
    expect(second.takeValues()).toEqual(['a: 101'])
  })

  test('can be taken after the end of the input, and of what was restored', async () => {
    const first = await keyed(sums)
    first.push({ user: 'a', amount: 1 })
    await first.endInput()

    const second = await keyed(sums, { restore: await first.snapshot() })
    const third = await keyed(sums, { restore: await second.snapshot() })
    third.push({ user: 'a', amount: 1 })

    expect(third.takeValues()).toEqual(['a: 2'])
  })

  test('is restored into any number of subtasks', async () => {
    const two = await snapshots(2, [])
    const three = await snapshots(3, two)
    const one = await keyed(sums, { restore: await snapshots(1, three) })

    for (const user of users) one.push({ user, amount: 1 })

    expect(one.takeValues()).toEqual(users.map((user) => `${user}: 4`))
  })

  test('is enough by itself for the same subtask', async () => {
    const [own] = await snapshots(2, [])
    const options = { parallelism: 2, subtask: 0, restore: own ?? [] }
    const harness = await keyed(sums, options)
    const user = users.find((candidate) => harness.owns({ user: candidate, amount: 1 })) ?? ''

    harness.push({ user, amount: 1 })

    expect(harness.takeValues()).toEqual([`${user}: 2`])
  })

  test('is refused when those of other subtasks are missing', async () => {
    const [own] = await snapshots(2, [])

    await expect(keyed(sums, { restore: own ?? [] })).rejects.toMatchObject({
      code: 'FLINKTS_TEST_INVALID',
      message: 'subtask 0 of 1 cannot restore the snapshots of subtasks 0 of 2',
    })
  })

  test('is refused by operators that do not have its state', async () => {
    const first = await keyed(sums)
    first.push({ user: 'a', amount: 1 })
    const restore = await first.snapshot()

    const other = operatorHarness(
      (orders: HarnessStream<Order>) => orders.keyBy(({ user }) => user).process('other', sums),
      { restore },
    )

    await expect(other).rejects.toMatchObject({ code: 'FLINKTS_STATE_ORPHANED' })
  })

  /** Each subtask gets one order of each of its users. */
  async function snapshots(
    parallelism: number,
    restore: readonly HarnessSnapshot[],
  ): Promise<readonly HarnessSnapshot[]> {
    const taken: HarnessSnapshot[] = []
    for (let subtask = 0; subtask < parallelism; subtask += 1) {
      const harness = await keyed(sums, { parallelism, subtask, restore })
      const own = users.map((user) => ({ user, amount: 1 })).filter((order) => harness.owns(order))
      for (const order of own) harness.push(order)
      taken.push(await harness.snapshot())
      await harness.close()
    }
    return taken
  }
})

describe('a harness of one subtask of several', () => {
  test('refuses a record whose key belongs to another', async () => {
    const harness = await keyed(sums, { parallelism: 2, subtask: 1 })
    const foreign = users.find((user) => !harness.owns({ user, amount: 1 })) ?? ''

    expect(() => harness.push({ user: foreign, amount: 1 })).toThrow(
      'the key of the record belongs to subtask 0 of 2, the harness plays subtask 1',
    )
  })

  test.each([
    { parallelism: 2, subtask: 2 },
    { subtask: -1 },
    { startTimeMs: 0.5 },
    { parallelism: 0 },
  ])('refuses the options %o', async (options) => {
    await expect(keyed(sums, options)).rejects.toMatchObject({ code: 'FLINKTS_OPTION_INVALID' })
  })

  test('refuses operators that would run in several tasks', async () => {
    const harness = operatorHarness(
      (orders: HarnessStream<Order>) =>
        orders
          .map((order) => order)
          .keyBy(({ user }) => user)
          .process('totals', sums),
      { parallelism: 2 },
    )

    await expect(harness).rejects.toMatchObject({
      code: 'FLINKTS_TEST_INVALID',
      message: expect.stringContaining(
        '"harness-input" and "harness-input.map"; "totals"',
      ) as string,
    })
  })
})
