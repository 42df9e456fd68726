import { describe, expect, test } from 'vitest'
import { SeededPrng } from '../../src/common/prng.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import type { KeyedProcess } from '../../src/operators/keyed-process-function.ts'
import { KeyedProcessOperator } from '../../src/operators/keyed-process.ts'
import type { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import type { Key } from '../../src/state/key.ts'
import { type StateDeclarations, valueState } from '../../src/state/state-descriptor.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import { barrierOf, operatorContextOf, RecordingOutput } from './fixtures.ts'

interface Order {
  readonly customer: string
  readonly copies?: number
}

const countPerCustomer = {
  state: { count: valueState<number>() },
  *process({ customer, copies = 1 }: Order, state, context) {
    for (let copy = 0; copy < copies; copy += 1) {
      state.count.set((state.count.get() ?? 0) + 1)
      yield `${customer} ${state.count.get()} of ${context.key} at ${context.timestamp}`
    }
  },
} satisfies KeyedProcess<
  Order,
  string,
  string,
  StateDeclarations & { count: ReturnType<typeof valueState<number>> }
>

function failing(): never {
  throw new Error('boom')
}

function createOperator(
  process: object = countPerCustomer,
  selectKey: (value: unknown) => unknown = (value) => (value as Order).customer,
): {
  operator: KeyedProcessOperator
  backend: HeapStateBackend
  output: RecordingOutput
  flow: FlowControl
  disk: SimulatedStorage
} {
  const disk = new SimulatedStorage(new SeededPrng(1))
  const output = new RecordingOutput()
  const flow = new FlowControl()
  const context = operatorContextOf('count', { output, flow, storage: disk.open(), subtask: 2 })
  const { backend } = context
  const operator = new KeyedProcessOperator(
    { process: process as KeyedProcess<unknown, Key, unknown, StateDeclarations>, selectKey },
    context,
  )
  return { operator, backend, output, flow, disk }
}

describe('a keyed operator', () => {
  test('gives its function the state and the context of the key', () => {
    const { operator, output } = createOperator()

    operator.collect({ customer: 'ann' }, 10)
    operator.collect({ customer: 'bob' }, -Infinity)
    operator.collect({ customer: 'ann' }, 30)

    expect(output.emitted).toEqual([
      'ann 1 of ann at 10',
      'bob 1 of bob at undefined',
      'ann 2 of ann at 30',
    ])
    expect(output.timestamps).toEqual([10, -Infinity, 30])
  })

  test('goes on with the right key when an emission was paused', () => {
    const { operator, output, flow, backend } = createOperator()
    output.onRecord = () => flow.channelFull(true)

    operator.collect({ customer: 'ann', copies: 3 }, 10)
    backend.setCurrentKey('bob')
    flow.channelFull(false)
    flow.resume()
    backend.setCurrentKey('bob')
    flow.channelFull(false)
    flow.resume()

    expect(output.emitted).toEqual([
      'ann 1 of ann at 10',
      'ann 2 of ann at 10',
      'ann 3 of ann at 10',
    ])
  })

  test('shows the watermark to its function and passes it on', () => {
    const seen: number[] = []
    const { operator, output } = createOperator({
      state: {},
      process: (_value: Order, _state: object, { watermark }: { watermark: number }) => {
        seen.push(watermark)
      },
    })

    operator.collect({ customer: 'ann' }, 10)
    operator.emitWatermark(20)
    operator.emitIdle(true)
    operator.collect({ customer: 'ann' }, 30)

    expect(seen).toEqual([-Infinity, 20])
    expect(output.emitted).toEqual(['watermark 20', 'idle'])
  })

  test.each([
    ['its function throws', { state: {}, process: failing }, (): string => 'ann'],
    ['the key selector throws', countPerCustomer, failing],
  ])('names itself and the record when %s', (_what, process, selectKey) => {
    const { operator } = createOperator(process, selectKey)

    const collect = (): void => operator.collect({ customer: 'ann' }, 10)

    expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_USER_FUNCTION_FAILED' }))
    expect(collect).toThrow('for the record {"customer":"ann"}')
  })

  test('refuses what cannot be a key', () => {
    const { operator } = createOperator(countPerCustomer, () => undefined)

    const collect = (): void => operator.collect({ customer: 'ann' }, 10)

    expect(collect).toThrow(expect.objectContaining({ code: 'FLINKTS_KEY_INVALID' }))
  })

  test('writes its state as of the barrier into the directory of the checkpoint', async () => {
    const { operator, disk } = createOperator()
    operator.collect({ customer: 'ann' }, 10)

    const snapshot = operator.snapshot(barrierOf(3))
    operator.collect({ customer: 'ann' }, 20)
    const { keyed } = await snapshot.state

    const bytes = disk.content('chk-000003/count-2.state')
    expect(snapshot.failure).toBe('decline-checkpoint')
    expect(keyed).toEqual({
      path: 'chk-000003/count-2.state',
      bytes: bytes?.byteLength,
      states: [
        { name: 'count', kind: 'value' },
        { name: '~watermark', kind: 'value' },
        { name: '~event-timers', kind: 'value' },
        { name: '~processing-timers', kind: 'value' },
      ],
    })
    const restored = createOperator()
    restored.backend.restore(bytes ?? new Uint8Array())
    restored.operator.collect({ customer: 'ann' }, 30)
    expect(restored.output.emitted).toEqual(['ann 2 of ann at 30'])
  })

  test('writes no file without state', async () => {
    const { operator, disk } = createOperator()

    const { keyed } = await operator.snapshot(barrierOf(3)).state

    expect(keyed).toBeUndefined()
    expect(disk.paths()).toEqual([])
  })

  test('gives a snapshot up, and only that of the checkpoint', async () => {
    const { operator } = createOperator()
    operator.collect({ customer: 'ann' }, 10)
    const given = operator.snapshot(barrierOf(3))
    const kept = operator.snapshot(barrierOf(4))

    operator.abortSnapshot(3)
    operator.abortSnapshot(3)

    await expect(given.state).rejects.toMatchObject({ code: 'FLINKTS_CHECKPOINT_ABORTED' })
    expect(await kept.state).toMatchObject({ keyed: { path: 'chk-000004/count-2.state' } })
  })

  test('declines a checkpoint whose state has no serial form', async () => {
    const { operator, backend } = createOperator()
    backend.setCurrentKey('ann')
    backend.state('count', valueState<unknown>()).set(() => {})

    const snapshot = operator.snapshot(barrierOf(3))

    await expect(snapshot.state).rejects.toMatchObject({ code: 'FLINKTS_STATE_UNSERIALIZABLE' })
    expect(snapshot.failure).toBe('decline-checkpoint')
  })
})
