import { describe, expect, test } from 'vitest'
import { MetricRegistry } from '../../../src/common/metric-registry.ts'
import { metricGroup } from '../../../src/common/metrics.ts'
import { randomBelow, SeededPrng } from '../../../src/common/prng.ts'
import { FlowControl } from '../../../src/network/flow-control.ts'
import type { IntervalJoinFunction } from '../../../src/operators/join/interval-join-function.ts'
import {
  type IntervalJoinDefinition,
  IntervalJoinOperator,
} from '../../../src/operators/join/interval-join.ts'
import { outputTag } from '../../../src/common/output-tag.ts'
import { SimulatedStorage } from '../../../src/testing/simulated-storage.ts'
import {
  barrierOf,
  operatorContextOf,
  RecordingOutput,
  type TestOperatorContext,
} from '../fixtures.ts'
import { runJoin } from './join-run.ts'

interface Item {
  readonly key: unknown
  readonly name: string
}

type Join = IntervalJoinFunction<Item, Item, unknown>

const concatenate: Join = (left, right) => [`${left.name}${right.name}`]

function createJoin(
  join: Join = concatenate,
  definition: Partial<IntervalJoinDefinition> = {},
  parts: Parameters<typeof operatorContextOf>[1] = {},
): {
  operator: IntervalJoinOperator
  output: RecordingOutput
  flow: FlowControl
  registry: MetricRegistry
  context: TestOperatorContext
} {
  const output = new RecordingOutput()
  const flow = new FlowControl()
  const registry = new MetricRegistry()
  const context = operatorContextOf('join', { output, flow, ...parts })
  const metrics = metricGroup(registry, { operatorId: 'join', subtask: 0 })
  const selectKey = (value: unknown): unknown => (value as Item).key
  const operator = new IntervalJoinOperator(
    {
      join: join as IntervalJoinFunction<unknown, unknown, unknown>,
      selectLeftKey: selectKey,
      selectRightKey: selectKey,
      lowerMs: -5,
      upperMs: 5,
      leftLateTag: undefined,
      rightLateTag: undefined,
      ...definition,
    },
    { ...context, subtask: { ...context.subtask, metrics } },
  )
  return { operator, output, flow, registry, context }
}

const item = (name: string, key: unknown = 'key'): Item => ({ key, name })

describe('an interval join', () => {
  test('joins records of one key, in the order of time, at the later of the two times', () => {
    const { operator, output } = createJoin()
    const [left, right] = operator.inputs
    left.collect(item('c'), 12)
    left.collect(item('a'), 8)
    left.collect(item('b'), 10)
    left.collect(item('x', 'other'), 10)

    right.collect(item('1'), 10)

    expect(output.emitted).toEqual(['a1', 'b1', 'c1'])
    expect(output.timestamps).toEqual([10, 10, 12])
  })

  test('shows its function both times, and emits to side outputs at the later one', () => {
    const close = outputTag<string>('close')
    const join: Join = (left, _right, context) => {
      const { leftTimestamp, rightTimestamp, timestamp } = context
      context.output(close, `${left.name} ${leftTimestamp} ${rightTimestamp} ${timestamp}`)
    }
    const { operator, output, context } = createJoin(join)
    const [left, right] = operator.inputs

    left.collect(item('a'), 8)
    right.collect(item('1'), 10)
    left.collect(item('b'), 11)

    const side = context.sides.get('close')
    expect(output.emitted).toEqual([])
    expect(side?.emitted).toEqual(['a 8 10 10', 'b 11 10 11'])
    expect(side?.timestamps).toEqual([10, 11])
  })

  test('pauses between and within pairs while the outputs are full', () => {
    function* twice(left: Item, right: Item): Generator<string> {
      yield `${left.name}${right.name}`
      yield `${left.name}${right.name} again`
    }
    const { operator, output, flow } = createJoin(twice)
    const [left, right] = operator.inputs
    for (const name of ['a', 'b']) left.collect(item(name), 10)
    output.onRecord = () => flow.channelFull(true)

    right.collect(item('1'), 12)
    const emitted = [[...output.emitted]]
    for (let turns = 0; turns < 3; turns += 1) {
      flow.channelFull(false)
      flow.resume()
      emitted.push([...output.emitted])
    }
    flow.channelFull(false)
    flow.resume()

    const all = ['a1', 'a1 again', 'b1', 'b1 again']
    expect(emitted).toEqual([all.slice(0, 1), all.slice(0, 2), all.slice(0, 3), all])
    expect(output.timestamps).toEqual([12, 12, 12, 12])
    expect(flow.unfinished).toBe(false)
  })

  test('gives others their turn when a record has many pairs', () => {
    const { operator, output, flow } = createJoin()
    const [left, right] = operator.inputs
    for (let count = 0; count < 2500; count += 1) left.collect(item('a'), 10)

    right.collect(item('1'), 12)
    const counts = [output.emitted.length]
    while (flow.unfinished) {
      flow.resume()
      counts.push(output.emitted.length)
    }

    expect(counts).toEqual([1024, 2048, 2500])
  })

  test('counts late records that no side output takes', () => {
    const late = outputTag<unknown>('late')
    const { operator, registry, context } = createJoin(concatenate, { leftLateTag: late })
    const [left, right] = operator.inputs
    for (const input of [left, right]) input.emitWatermark(10)

    left.collect(item('a'), 9)
    right.collect(item('1'), 9)

    const dropped = registry.collect().values.find(({ name }) => name === 'lateRecordsDropped')
    expect(context.sides.get('late')?.emitted).toEqual([item('a')])
    expect(context.sides.get('late')?.timestamps).toEqual([9])
    expect(dropped?.value).toBe(1)
  })

  test.each([-Infinity, Infinity])('refuses a record whose time is %d', (timestamp) => {
    const { operator } = createJoin()
    const [left, right] = operator.inputs

    const collects = [
      (): void => left.collect(item('a'), timestamp),
      (): void => right.collect(item('1'), timestamp),
    ]

    for (const [index, collect] of collects.entries()) {
      expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_TIMESTAMP_MISSING' }))
      expect(collect).toThrow(`got a ${['left', 'right'][index]} record without a timestamp`)
    }
  })

  test('names itself and the pair when its function throws', () => {
    const { operator } = createJoin(() => {
      throw new Error('boom')
    })
    const [left, right] = operator.inputs
    left.collect(item('a'), 10)

    const collect = (): void => right.collect(item('1'), 10)

    expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_USER_FUNCTION_FAILED' }))
    expect(collect).toThrow('"left":{"key":"key","name":"a"},"right":{"key":"key","name":"1"}')
  })

  test('refuses what cannot be a key', () => {
    const { operator } = createJoin()

    const collect = (): void => operator.inputs[0].collect(item('a', {}), 10)

    expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_KEY_INVALID' }))
  })

  test('gives a snapshot up', async () => {
    const { operator } = createJoin()
    operator.inputs[0].collect(item('a'), 10)
    const { state } = operator.snapshot(barrierOf(3))

    operator.abortSnapshot(3)

    await expect(state).rejects.toMatchObject({ code: 'FLINKTS_CHECKPOINT_ABORTED' })
  })

  test('has in a snapshot what was kept at the barrier', async () => {
    const storage = new SimulatedStorage(new SeededPrng(1)).open()
    const first = createJoin(concatenate, {}, { storage })
    const [left, right] = first.operator.inputs
    left.collect(item('a'), 10)
    const snapshot = first.operator.snapshot(barrierOf(3))
    left.collect(item('b'), 9)
    for (const input of [left, right]) input.emitWatermark(100)
    const { keyed } = await snapshot.state

    const restored = keyed === undefined ? [] : [keyed]
    const { operator, output } = createJoin(concatenate, {}, { storage, restored })
    await operator.open()
    operator.inputs[1].collect(item('1'), 10)

    expect(keyed?.states.map(({ name }) => name)).toEqual(['~join', '~watermark'])
    expect(output.emitted).toEqual(['a1'])
  })

  test('knows after a restore how far time was', async () => {
    const storage = new SimulatedStorage(new SeededPrng(1)).open()
    const first = createJoin(concatenate, {}, { storage })
    for (const input of first.operator.inputs) input.emitWatermark(100)
    const { keyed } = await first.operator.snapshot(barrierOf(3)).state

    const restored = keyed === undefined ? [] : [keyed]
    const { operator, output } = createJoin(concatenate, {}, { storage, restored })
    await operator.open()
    for (const input of operator.inputs) input.emitWatermark(50)
    operator.inputs[0].collect(item('a'), 99)
    operator.inputs[1].collect(item('1'), 99)

    expect(output.emitted).toEqual(['watermark 50'])
  })

  test('passes watermarks on, and that both inputs are idle', () => {
    const { operator, output } = createJoin()
    const [left, right] = operator.inputs

    left.emitWatermark(7)
    right.emitWatermark(5)
    right.emitIdle(true)
    left.emitIdle(true)

    expect(output.emitted).toEqual(['watermark 5', 'watermark 7', 'idle'])
  })
})

describe.each([1, 2, 3, 4, 5, 6])('an interval join of random records (seed %i)', (seed) => {
  test.each([false, true])('joins what plain arrays join (restored: %s)', async (restoring) => {
    const prng = new SeededPrng(seed)
    const lowerMs = randomBelow(prng, 9) - 5
    const upperMs = lowerMs + randomBelow(prng, 5)
    const { steps, expected } = randomSteps(prng, lowerMs, upperMs)

    const { pairs } = await runJoin((join) => join.between(lowerMs, upperMs), steps, { restoring })

    expect(pairs.map((pair) => pair.replace(/@.*/, '')).toSorted()).toEqual(expected.toSorted())
  })
})

/** Out of order, yet never late; the pairs that plain arrays give. */
function randomSteps(
  prng: SeededPrng,
  lowerMs: number,
  upperMs: number,
): { readonly steps: readonly string[]; readonly expected: readonly string[] } {
  const steps: string[] = []
  const lefts: (readonly [string, number])[] = []
  const rights: (readonly [string, number])[] = []
  for (let now = 10; now < 50; now += 1) {
    const time = now - randomBelow(prng, 6)
    const key = 'ab'[randomBelow(prng, 2)] ?? ''
    const isLeft = randomBelow(prng, 2) === 0
    ;(isLeft ? lefts : rights).push([key, time])
    steps.push(`${isLeft ? 'L' : 'R'}${time}${key}`)
    const inputs = ['WM', 'WML', 'WMR'][randomBelow(prng, 3)]
    if (randomBelow(prng, 3) === 0) steps.push(`${inputs}${now - 6}`)
  }
  const expected = lefts.flatMap(([leftKey, left]) =>
    rights
      .filter(([key]) => key === leftKey)
      .filter(([, right]) => right >= left + lowerMs && right <= left + upperMs)
      .map(([, right]) => `${left}${right}`),
  )
  return { steps, expected }
}
