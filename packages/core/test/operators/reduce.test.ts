import { describe, expect, test } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import { ReduceOperator, type Reduction } from '../../src/operators/reduce.ts'
import { sumOf } from '../../src/operators/rolling-aggregate.ts'
import type { KeyedStateHandle } from '../../src/state/operator-state.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { barrierOf, operatorContextOf, RecordingOutput } from './fixtures.ts'

interface Order {
  readonly customer: string
  readonly amount: number
}

function createOperator(
  reduction: Reduction,
  parts: { storage?: SimulatedStorage; restored?: readonly KeyedStateHandle[] } = {},
): { operator: ReduceOperator; output: RecordingOutput } {
  const output = new RecordingOutput()
  const disk = parts.storage ?? new SimulatedStorage(new SeededPrng(1))
  const { restored = [] } = parts
  const context = operatorContextOf('total', { output, storage: disk.open(), restored })
  const selectKey = (value: unknown): string => (value as Order).customer
  return { operator: new ReduceOperator({ ...reduction, selectKey }, context), output }
}

describe('a rolling reduce', () => {
  test('emits for every record what its key is reduced to, with its timestamp', () => {
    const { operator, output } = createOperator(sumOf('amount'))

    operator.collect({ customer: 'ann', amount: 1 }, 10)
    operator.collect({ customer: 'bob', amount: 2 }, 30)
    operator.collect({ customer: 'ann', amount: 4 }, -Infinity)
    operator.emitWatermark(30)
    operator.emitIdle(true)

    expect(output.emitted).toEqual([
      { customer: 'ann', amount: 1 },
      { customer: 'bob', amount: 2 },
      { customer: 'ann', amount: 5 },
      'watermark 30',
      'idle',
    ])
    expect(output.timestamps).toEqual([10, 30, -Infinity])
  })

  test('leaves what it emitted before as it was', () => {
    const { operator, output } = createOperator(sumOf('amount'))
    const first = { customer: 'ann', amount: 1 }

    operator.collect(first, 10)
    operator.collect({ customer: 'ann', amount: 2 }, 20)
    operator.collect({ customer: 'ann', amount: 4 }, 30)

    expect(output.emitted.map((value) => (value as Order).amount)).toEqual([1, 3, 7])
    expect(first.amount).toBe(1)
  })

  test('goes on from a checkpoint', async () => {
    const storage = new SimulatedStorage(new SeededPrng(1))
    const before = createOperator(sumOf('amount'), { storage })
    before.operator.collect({ customer: 'ann', amount: 1 }, 10)
    const snapshot = before.operator.snapshot(barrierOf(3))
    before.operator.collect({ customer: 'ann', amount: 100 }, 20)
    const { keyed } = await snapshot.state

    const restored = keyed === undefined ? [] : [keyed]
    const after = createOperator(sumOf('amount'), { storage, restored })
    await after.operator.open()
    after.operator.collect({ customer: 'ann', amount: 2 }, 30)

    expect(keyed?.states).toEqual([{ name: 'reduced', kind: 'value' }])
    expect(after.output.emitted).toEqual([{ customer: 'ann', amount: 3 }])
  })

  test('gives up a snapshot that is not wanted', async () => {
    const { operator } = createOperator(sumOf('amount'))
    operator.collect({ customer: 'ann', amount: 1 }, 10)
    const { state } = operator.snapshot(barrierOf(3))

    operator.abortSnapshot(3)

    await expect(state).rejects.toMatchObject({ code: 'FLINKTS_CHECKPOINT_ABORTED' })
  })

  test.each([
    [
      'throws',
      (): never => {
        throw new Error('boom')
      },
      'boom',
    ],
    ['returns nothing', (): unknown => undefined, 'would be forgotten'],
  ])('names itself and the record when its function %s', (_what, reduce, message) => {
    const { operator } = createOperator({ reduce })
    operator.collect({ customer: 'ann', amount: 1 }, 10)

    const collect = (): void => operator.collect({ customer: 'ann', amount: 2 }, 20)

    expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_USER_FUNCTION_FAILED' }))
    expect(collect).toThrow(message)
    expect(collect).toThrow('for the record {"customer":"ann","amount":2}')
  })

  test('refuses a record that it cannot aggregate, also as the first of its key', () => {
    const { operator, output } = createOperator(sumOf('amount'))

    const collect = (): void => operator.collect({ customer: 'ann', amount: '1' }, 10)

    expect(collect).toThrow('field "amount" cannot be summed, it holds string')
    operator.collect({ customer: 'ann', amount: 2 }, 20)
    expect(output.emitted).toEqual([{ customer: 'ann', amount: 2 }])
  })
})
