import { describe, expect, test } from 'vitest'
import type { JobDefinition } from '../../src/api/define-job.ts'
import type { Output } from '../../src/network/output.ts'
import type { OperatorContext } from '../../src/operators/operator-definition.ts'
import type { TwoInputOperator } from '../../src/operators/operator.ts'
import {
  type HarnessOptions,
  type HarnessStream,
  startTwoInputHarness,
  twoInputHarness,
  type TwoInputHarness,
} from '../../src/testing/operator-harness.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import { CombinedWatermark } from '../../src/time/combined-watermark.ts'
import { jobOf } from './harness-job.ts'

interface Name {
  readonly id: number
  readonly name: string
}

/** Says from which input each record came; its watermark is the lower one. */
class NamingOperator implements TwoInputOperator {
  readonly operatorId: string
  readonly inputs: readonly [Output, Output]
  readonly #watermark = new CombinedWatermark()

  constructor({ operatorId, output }: OperatorContext) {
    this.operatorId = operatorId
    this.inputs = [this.#input('left', output), this.#input('right', output)]
  }

  #input(name: string, output: Output): Output {
    this.#watermark.add(name)
    return {
      collect: (value, timestamp) => output.collect(`${name} ${String(value)}`, timestamp),
      emitWatermark: (timestamp) => {
        this.#watermark.advance(name, timestamp)
        output.emitWatermark(this.#watermark.watermark)
      },
      emitIdle: (idle) => this.#watermark.setIdle(name, idle),
    }
  }
}

function startHarness(
  options: HarnessOptions = {},
): Promise<TwoInputHarness<string, number, string>> {
  return startTwoInputHarness(namingJob(options.parallelism ?? 1), options)
}

function namingJob(parallelism: number): JobDefinition {
  const partitioning = { type: 'hash', selectKey: (value: unknown) => value } as const
  return jobOf(
    { type: 'process', create: (context) => new NamingOperator(context) },
    { inputCount: 2, partitioning, parallelism },
  )
}

describe('a harness of two inputs', () => {
  test('gives each record to its input', async () => {
    const harness = await startHarness()

    harness.push(1, 10, 5)
    harness.push(0, 'a')
    harness.push(1, 20)

    expect(harness.takeValues()).toEqual(['right 10', 'left a', 'right 20'])
  })

  test('ends both inputs', async () => {
    const harness = await startHarness()

    harness.idle(1, true)
    await harness.endInput()

    expect(harness.take().at(-1)).toEqual({ type: 'watermark', timestamp: Infinity })
  })

  test('lets the operator combine the watermarks', async () => {
    const harness = await startHarness()

    harness.watermark(0, 10)
    harness.watermark(1, 7)
    harness.idle(1, true)
    harness.watermark(0, 20)

    const watermarks = harness
      .take()
      .flatMap((element) => (element.type === 'watermark' ? [element.timestamp] : []))
    expect(watermarks).toEqual([-Infinity, 7, 20])
  })

  test('knows for each input which keys belong to the subtask', async () => {
    const first = await startHarness({ parallelism: 2, subtask: 0 })
    const second = await startHarness({ parallelism: 2, subtask: 1 })
    const keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

    const ofFirst = keys.filter((key) => first.owns(0, key))
    for (const key of ofFirst) first.push(0, key)

    expect(first.takeValues()).toEqual(ofFirst.map((key) => `left ${key}`))
    expect(keys.filter((key) => second.owns(0, key))).toEqual(
      keys.filter((key) => !ofFirst.includes(key)),
    )
    expect(() => second.push(0, ofFirst[0] ?? '')).toThrow('belongs to subtask 0 of 2')
  })

  test('closes', async () => {
    const harness = await startHarness()

    await harness.close()

    expect(() => harness.idle(0, true)).toThrow('the harness is closed')
  })
})

test('a harness of two inputs runs what connects two streams', async () => {
  const harness = await twoInputHarness(
    (names: HarnessStream<Name>, visits: HarnessStream<number>) =>
      names
        .connect(visits)
        .keyBy(
          ({ id }) => id,
          (id) => id,
        )
        .process('named', {
          state: { name: valueState<string>() },
          processFirst: ({ name: text }, { name }) => name.set(text),
          processSecond: (_id, { name }, { timers, timestamp }) => {
            timers.registerEventTime(timestamp ?? 0)
            return [`${name.get()} visits`]
          },
          onTimer: (_timestamp, { name }) => [`${name.get()} leaves`],
        }),
  )

  harness.push(1, 7, 100)
  harness.push(0, { id: 7, name: 'ann' })
  harness.push(1, 7, 100)
  harness.watermark(0, 200)
  const before = harness.takeValues()
  harness.watermark(1, 100)

  expect(before).toEqual(['undefined visits', 'ann visits'])
  expect(harness.take()).toEqual([
    { type: 'record', value: 'ann leaves', timestamp: 100 },
    { type: 'watermark', timestamp: 100 },
  ])
})

test('a harness of two inputs restores the state that they share', async () => {
  const start = (options: HarnessOptions): Promise<TwoInputHarness<string, string, string>> =>
    twoInputHarness(
      (first: HarnessStream<string>, second: HarnessStream<string>) =>
        first
          .connect(second)
          .keyBy(
            (value) => value,
            (value) => value,
          )
          .process('both', {
            state: { seen: valueState<boolean>() },
            processFirst: (_value, { seen }) => seen.set(true),
            processSecond: (value, { seen }) => [`${value} ${seen.get()}`],
          }),
      options,
    )
  const before = await start({})
  before.push(0, 'a')

  const after = await start({ restore: await before.snapshot() })
  after.push(1, 'a')
  after.push(1, 'b')

  expect(after.takeValues()).toEqual(['a true', 'b undefined'])
})
