import { describe, expect, test } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import type { Storage } from '../../src/common/storage.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import type { KeyedProcess } from '../../src/operators/keyed-process-function.ts'
import { KeyedProcessOperator } from '../../src/operators/keyed-process.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import type { Key } from '../../src/state/key.ts'
import {
  type StateDeclarations,
  valueState,
  type ValueState,
} from '../../src/state/state-descriptor.ts'
import type { KeyedStateHandle } from '../../src/state/operator-state.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import {
  barrierOf,
  operatorContextOf,
  RecordingOutput,
  type TestOperatorContext,
} from './fixtures.ts'

interface Command {
  readonly key: string
  readonly set?: number
  readonly delete?: number
  readonly wall?: number
}

const side = outputTag<string>('side')

/** Registers and deletes the timers that records ask for, and tells what fires. */
const timers: KeyedProcess<Command, string, string, StateDeclarations> = {
  state: { seen: valueState<number>() },
  process(command, state, context) {
    const seen = state['seen'] as ValueState<number>
    seen.set((seen.get() ?? 0) + 1)
    if (command.set !== undefined) context.timers.registerEventTime(command.set)
    if (command.delete !== undefined) context.timers.deleteEventTime(command.delete)
    if (command.wall !== undefined) context.timers.registerProcessingTime(command.wall)
    context.output(side, `saw ${command.key}`)
  },
  onTimer(timestamp, state, context) {
    const seen = (state['seen'] as ValueState<number>).get()
    if (timestamp === 50) context.timers.registerEventTime(45)
    return [`${context.key} ${context.timeDomain} ${timestamp} after ${seen}`]
  },
}

const newStorage = (): Storage => new SimulatedStorage(new SeededPrng(1)).open()

interface Setup {
  readonly operator: KeyedProcessOperator
  readonly context: TestOperatorContext
  readonly output: RecordingOutput
  readonly flow: FlowControl
  readonly scheduler: ManualScheduler
  readonly send: (...commands: readonly Command[]) => void
}

function setup(restored: readonly KeyedStateHandle[] = [], storage = newStorage()): Setup {
  const output = new RecordingOutput()
  const flow = new FlowControl()
  const scheduler = new ManualScheduler()
  const context = operatorContextOf('timers', { output, flow, scheduler, storage, restored })
  const process = timers as KeyedProcess<unknown, Key, unknown, StateDeclarations>
  const selectKey = (value: unknown): string => (value as Command).key
  const operator = new KeyedProcessOperator({ process, selectKey }, context)
  const send = (...commands: readonly Command[]): void => {
    for (const command of commands) operator.collect(command, 7)
  }
  return { operator, context, output, flow, scheduler, send }
}

describe('event-time timers', () => {
  test('fire once for a key and time, before the watermark goes on', () => {
    const { operator, output, send } = setup()
    send({ key: 'a', set: 10 }, { key: 'a', set: 10 }, { key: 'b', set: 10 }, { key: 'a', set: 5 })

    operator.emitWatermark(4)
    operator.emitWatermark(10)
    operator.emitWatermark(20)

    expect(output.emitted).toHaveLength(6)
    expect(output.emitted.slice(0, 2)).toEqual(['watermark 4', 'a event-time 5 after 3'])
    expect(new Set(output.emitted.slice(2, 4))).toEqual(
      new Set(['a event-time 10 after 3', 'b event-time 10 after 1']),
    )
    expect(output.emitted.slice(4)).toEqual(['watermark 10', 'watermark 20'])
    expect(output.timestamps).toEqual([5, 10, 10])
  })

  test('that were deleted do not fire, and one set again fires once', () => {
    const { operator, output, send } = setup()
    send({ key: 'a', set: 10 }, { key: 'a', delete: 10 }, { key: 'b', delete: 10 })
    send({ key: 'c', set: 10 }, { key: 'c', delete: 10 }, { key: 'c', set: 10 })

    operator.emitWatermark(10)

    expect(output.emitted).toEqual(['c event-time 10 after 3', 'watermark 10'])
  })

  test('of one key may be many, deleted and registered in any order', async () => {
    const storage = newStorage()
    const first = setup([], storage)
    const times = Array.from({ length: 40 }, (_, index) => (index * 23) % 40)
    for (const set of [...times, ...times.slice(0, 5)]) first.send({ key: 'a', set })
    for (const at of times.slice(20)) first.send({ key: 'a', delete: at })
    const { keyed } = await first.operator.snapshot(barrierOf(1)).state
    const second = setup(keyed === undefined ? [] : [keyed], storage)
    await second.operator.open()

    for (const { operator } of [first, second]) operator.emitWatermark(100)

    const kept = times.slice(0, 20).toSorted((one, other) => one - other)
    expect(second.output.timestamps).toEqual(kept)
    expect(first.output.timestamps).toEqual(kept)
  })

  test('of a time that is over fire with the next watermark, or with the one that fires', () => {
    const { operator, output, send } = setup()
    operator.emitWatermark(40)
    send({ key: 'a', set: 30 })
    expect(output.emitted).toEqual(['watermark 40'])

    operator.emitWatermark(41)
    send({ key: 'a', set: 50 })
    operator.emitWatermark(50)

    expect(output.emitted.slice(1)).toEqual([
      'a event-time 30 after 1',
      'watermark 41',
      'a event-time 50 after 2',
      'a event-time 45 after 2',
      'watermark 50',
    ])
  })

  test('pause while the output is full, and hold the watermark back', () => {
    const { operator, output, flow, send } = setup()
    send({ key: 'a', set: 1 }, { key: 'a', set: 2 }, { key: 'a', set: 3 })
    output.onRecord = () => flow.channelFull(true)

    operator.emitWatermark(9)
    const counts = [output.emitted.length]
    while (flow.unfinished) {
      flow.channelFull(false)
      flow.resume()
      counts.push(output.emitted.length)
    }

    expect(counts).toEqual([1, 2, 3, 4])
    expect(output.emitted.at(-1)).toBe('watermark 9')
  })

  test('are restored, and fire in the same order', async () => {
    const storage = newStorage()
    const first = setup([], storage)
    const keys = Array.from({ length: 50 }, (_, index) => `key ${(index * 7) % 50}`)
    for (const key of keys) first.send({ key, set: 10 }, { key, set: 20 })
    const { keyed } = await first.operator.snapshot(barrierOf(1)).state
    first.operator.emitWatermark(20)

    const second = setup(keyed === undefined ? [] : [keyed], storage)
    await second.operator.open()
    second.operator.emitWatermark(20)

    expect(first.output.emitted).toHaveLength(101)
    expect(second.output.emitted).toEqual(first.output.emitted)
  })
})

test('time does not advance before it is beyond that of the restored checkpoint', async () => {
  const storage = newStorage()
  const first = setup([], storage)
  first.operator.emitWatermark(100)
  // Due, and yet to fire with the next watermark.
  first.send({ key: 'a', set: 90 })
  const { keyed } = await first.operator.snapshot(barrierOf(1)).state

  const second = setup(keyed === undefined ? [] : [keyed], storage)
  await second.operator.open()
  for (const watermark of [50, 100, 101]) second.operator.emitWatermark(watermark)

  expect(second.output.emitted).toEqual([
    'watermark 50',
    'watermark 100',
    'a event-time 90 after 1',
    'watermark 101',
  ])
})

describe('processing-time timers', () => {
  test('fire when the clock reaches them, on the task', async () => {
    const { context, output, scheduler, send } = setup()
    const now = scheduler.now()
    send({ key: 'a', wall: now + 100 }, { key: 'b', wall: now + 50 })

    await scheduler.advance(50)
    expect(output.emitted).toEqual([])
    runActions(context)
    await scheduler.advance(50)
    runActions(context)

    expect(output.emitted).toEqual([
      `b processing-time ${now + 50} after 1`,
      `a processing-time ${now + 100} after 1`,
    ])
    expect(output.timestamps).toEqual([-Infinity, -Infinity])
  })

  test('do not fire after the end of the input', async () => {
    const { operator, context, output, scheduler, send } = setup()
    send({ key: 'a', wall: scheduler.now() + 50 })

    expect(operator.endInput()).toBe(true)
    await scheduler.advance(100)
    runActions(context)

    expect(output.emitted).toEqual([])
  })
})

test('a side output gets what the function puts there, with the timestamp of the record', () => {
  const { context, send } = setup()

  send({ key: 'a' })

  expect(context.sides.get('side')?.emitted).toEqual(['saw a'])
  expect(context.sides.get('side')?.timestamps).toEqual([7])
})

describe('timers, in the cases of Flink', () => {
  /** Namespaces are windows: see C33 of the window operator. Here they are the time domains. */
  test.each([false, true])(
    'C33: each fires once, and none is left (restored: %s)',
    async (restore) => {
      const storage = newStorage()
      let current = setup([], storage)
      for (const [index, key] of ['a', 'b'].entries()) {
        current.send({ key, set: 10, wall: current.scheduler.now() + 10 })
        if (restore) current = await restoredSetup(current, storage, index + 1)
      }

      current.operator.emitWatermark(10)
      await current.scheduler.advance(10)
      runActions(current.context)
      current.operator.emitWatermark(20)
      await current.scheduler.advance(100)

      const fired = current.output.emitted.filter((text) => !String(text).startsWith('watermark'))
      expect(fired).toHaveLength(4)
      expect(new Set(fired).size).toBe(4)
      expect(current.scheduler.timerCount).toBe(0)
      const { keyed } = await current.operator.snapshot(barrierOf(9)).state
      expect(await timersIn(keyed, storage)).toBe(0)
    },
  )

  test('C33: the clock has one timer at any time, for the earliest', async () => {
    const { context, output, scheduler, send } = setup()
    const now = scheduler.now()
    for (const [key, at] of [
      ['a', 20],
      ['b', 10],
      ['c', 30],
      ['d', 10],
    ] as const) {
      send({ key, wall: now + at })
    }

    const counts = [scheduler.timerCount]
    for (let step = 0; step < 3; step += 1) {
      await scheduler.advance(10)
      runActions(context)
      counts.push(scheduler.timerCount)
    }

    expect(counts).toEqual([1, 1, 1, 0])
    expect(output.emitted.map((text) => String(text).charAt(0)).toSorted()).toEqual([
      'a',
      'b',
      'c',
      'd',
    ])
  })
})

/** A setup that goes on from the state of `before`. */
async function restoredSetup(
  before: Setup,
  storage: Storage,
  checkpointId: number,
): Promise<Setup> {
  const { keyed } = await before.operator.snapshot(barrierOf(checkpointId)).state
  before.operator.endInput()
  const next = setup(keyed === undefined ? [] : [keyed], storage)
  await next.operator.open()
  return next
}

/** How many keys a checkpoint holds timers of. */
async function timersIn(keyed: KeyedStateHandle | undefined, storage: Storage): Promise<number> {
  const { context, operator } = setup(keyed === undefined ? [] : [keyed], storage)
  await operator.open()
  const keys: unknown[] = []
  context.backend.forEach('~event-timers', (key) => void keys.push(key))
  context.backend.forEach('~processing-timers', (key) => void keys.push(key))
  return keys.length
}

function runActions(context: TestOperatorContext): void {
  while (context.actions.length > 0) context.actions.shift()?.()
}
