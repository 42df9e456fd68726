import { describe, expect, test } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import type { KeyedCoProcess } from '../../src/operators/co-process-function.ts'
import { KeyedCoProcessOperator } from '../../src/operators/keyed-co-process.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import type { Key } from '../../src/state/key.ts'
import {
  type StateDeclarations,
  type StateDescriptor,
  type ValueState,
  valueState,
} from '../../src/state/state-descriptor.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { barrierOf, operatorContextOf, RecordingOutput } from './fixtures.ts'

interface Order {
  readonly id: string
  readonly amount: number
}

interface Payment {
  readonly orderId: string
}

type OpenOrder = { readonly amount: StateDescriptor<ValueState<number>> }

const unpaid = outputTag<string>('unpaid')

/** Waits for the payment of an order for 10 ms of event time. */
const payments: KeyedCoProcess<Order, Payment, string, string, OpenOrder> = {
  state: { amount: valueState<number>() },
  processFirst({ amount }, state, { timers, timestamp = 0 }) {
    state.amount.set(amount)
    timers.registerEventTime(timestamp + 10)
  },
  *processSecond(_payment, state, { key }) {
    const amount = state.amount.get()
    state.amount.clear()
    yield amount === undefined ? `${key} unknown` : `${key} paid ${amount}`
  },
  onTimer(_timestamp, state, context) {
    if (state.amount.get() !== undefined) context.output(unpaid, context.key)
    state.amount.clear()
  },
}

function operatorOf(
  process: object,
  parts: Parameters<typeof operatorContextOf>[1] = {},
): {
  operator: KeyedCoProcessOperator
  output: RecordingOutput
  sides: ReadonlyMap<string, RecordingOutput>
  actions: (() => void)[]
} {
  const output = new RecordingOutput()
  const context = operatorContextOf('payments', { output, ...parts })
  const operator = new KeyedCoProcessOperator(
    {
      process: process as KeyedCoProcess<unknown, unknown, Key, unknown, StateDeclarations>,
      selectFirstKey: (value) => (value as Order).id,
      selectSecondKey: (value) => (value as Payment).orderId,
    },
    context,
  )
  return { operator, output, sides: context.sides, actions: context.actions }
}

describe('a keyed operator of two inputs', () => {
  test('shares the state of a key between its inputs', () => {
    const { operator, output } = operatorOf(payments)
    const [orders, paid] = operator.inputs

    orders.collect({ id: 'a', amount: 5 }, 1)
    paid.collect({ orderId: 'b' }, 2)
    paid.collect({ orderId: 'a' }, 3)

    expect(output.emitted).toEqual(['b unknown', 'a paid 5'])
    expect(output.timestamps).toEqual([2, 3])
  })

  test('fires timers by the smaller watermark, and not when one input ends', () => {
    const { operator, output, sides } = operatorOf(payments)
    const [orders, paid] = operator.inputs
    orders.collect({ id: 'a', amount: 5 }, 1)
    orders.collect({ id: 'b', amount: 6 }, 2)

    orders.emitWatermark(Infinity)
    paid.emitWatermark(11)
    paid.collect({ orderId: 'a' }, 12)
    paid.emitWatermark(Infinity)

    expect(output.emitted).toEqual(['watermark 11', 'a unknown', 'watermark Infinity'])
    expect(sides.get('unpaid')?.emitted).toEqual(['a', 'b'])
  })

  test('goes on with the state and timers of a checkpoint', async () => {
    const storage = new SimulatedStorage(new SeededPrng(1)).open()
    const first = operatorOf(payments, { storage })
    first.operator.inputs[0].collect({ id: 'a', amount: 5 }, 1)
    first.operator.inputs[0].collect({ id: 'b', amount: 6 }, 2)
    const { keyed } = await first.operator.snapshot(barrierOf(3)).state

    const restored = keyed === undefined ? [] : [keyed]
    const { operator, output, sides } = operatorOf(payments, { storage, restored })
    await operator.open()
    operator.inputs[1].collect({ orderId: 'b' }, 3)
    for (const input of operator.inputs) input.emitWatermark(20)

    expect(output.emitted).toEqual(['b paid 6', 'watermark 20'])
    expect(sides.get('unpaid')?.emitted).toEqual(['a'])
  })

  test('gives a snapshot up', async () => {
    const { operator } = operatorOf(payments)
    operator.inputs[0].collect({ id: 'a', amount: 5 }, 1)
    const { state } = operator.snapshot(barrierOf(3))

    operator.abortSnapshot(3)

    await expect(state).rejects.toMatchObject({ code: 'FLINKTS_CHECKPOINT_ABORTED' })
  })

  test('fires no processing-time timer after the end of both inputs', async () => {
    const scheduler = new ManualScheduler()
    const fired: number[] = []
    const { operator, actions } = operatorOf(
      {
        ...payments,
        processFirst: (_order: Order, _state: object, context: TimerOwner) =>
          context.timers.registerProcessingTime(scheduler.now() + 5),
        onTimer: (timestamp: number) => void fired.push(timestamp),
      },
      { scheduler },
    )
    operator.inputs[0].collect({ id: 'a', amount: 5 }, 1)

    const done = operator.endInput()
    await scheduler.advance(10)
    for (const action of actions) action()

    expect(done).toBe(true)
    expect(fired).toEqual([])
  })

  test('passes on that both inputs are idle', () => {
    const { operator, output } = operatorOf(payments)

    for (const input of operator.inputs) input.emitIdle(true)

    expect(output.emitted).toEqual(['idle'])
  })

  test('names itself and the record when its function throws', () => {
    const { operator } = operatorOf({
      ...payments,
      processSecond: () => {
        throw new Error('boom')
      },
    })

    const collect = (): void => operator.inputs[1].collect({ orderId: 'a' }, 1)

    expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_USER_FUNCTION_FAILED' }))
    expect(collect).toThrow('for the record {"orderId":"a"}')
  })
})

interface TimerOwner {
  readonly timers: { registerProcessingTime(timestamp: number): void }
}
