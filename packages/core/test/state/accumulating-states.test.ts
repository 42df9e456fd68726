import { describe, expect, test } from 'vitest'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import {
  aggregatingState,
  reducingState,
  type StateDescriptor,
  valueState,
} from '../../src/state/state-descriptor.ts'
import { fileOf } from './backend-fixture.ts'

function open<S>(descriptor: StateDescriptor<S>): { backend: HeapStateBackend; state: S } {
  const range = { first: 0, last: 31 }
  const backend = new HeapStateBackend({ operatorId: 'op', range, maxParallelism: 32 })
  return { backend, state: backend.state('sum', descriptor) }
}

interface Mean {
  sum: number
  count: number
}

/** Its accumulator is changed in place. */
const mean = aggregatingState({
  create: (): Mean => ({ sum: 0, count: 0 }),
  add: (accumulator: Mean, value: number): Mean => {
    accumulator.sum += value
    accumulator.count += 1
    return accumulator
  },
  result: ({ sum, count }: Mean): number => sum / count,
})

const sum = reducingState<number>((reduced, value) => reduced + value)

describe('a reducing state', () => {
  test('reduces the values of each key', () => {
    const { backend, state } = open(sum)

    for (const [key, value] of [
      ['a', 1],
      ['b', 10],
      ['a', 2],
    ] as const) {
      backend.setCurrentKey(key)
      state.add(value)
    }

    expect(state.get()).toBe(3)
    state.clear()
    expect(state.get()).toBeUndefined()
    backend.setCurrentKey('b')
    expect(state.get()).toBe(10)
  })

  test('goes on from a checkpoint, which holds what it was when that was taken', () => {
    const before = open(sum)
    before.backend.setCurrentKey('a')
    before.state.add(1)
    const snapshot = before.backend.snapshot()
    before.state.add(100)

    const after = open(sum)
    after.backend.restore(fileOf(snapshot))
    after.backend.setCurrentKey('a')
    after.state.add(2)

    expect(snapshot.states).toEqual([{ name: 'sum', kind: 'reducing' }])
    expect(after.state.get()).toBe(3)
  })

  test('refuses a function that returns undefined', () => {
    const { backend, state } = open(reducingState<number | undefined>(() => undefined))
    backend.setCurrentKey('a')
    state.add(1)

    expect(() => state.add(2)).toThrow('cannot hold undefined')
  })
})

describe('an aggregating state', () => {
  test('gives the result of what was added', () => {
    const { backend, state } = open(mean)
    backend.setCurrentKey('a')

    expect(state.get()).toBeUndefined()
    state.add(1)
    state.add(4)

    expect(state.get()).toBe(2.5)
    state.clear()
    expect(state.get()).toBeUndefined()
  })

  test('keeps the accumulator in checkpoints, as it was when they were taken', () => {
    const before = open(mean)
    before.backend.setCurrentKey('a')
    before.state.add(1)
    const snapshot = before.backend.snapshot()
    before.state.add(100)

    const after = open(mean)
    after.backend.restore(fileOf(snapshot))
    after.backend.setCurrentKey('a')
    after.state.add(3)

    expect(snapshot.states).toEqual([{ name: 'sum', kind: 'aggregating' }])
    expect(after.state.get()).toBe(2)
  })
})

describe('the kind of a state', () => {
  test.each([
    ['reducing', 'value', sum, valueState<number>()],
    ['value', 'reducing', valueState<number>(), sum],
    ['reducing', 'aggregating', sum, mean],
  ])('cannot change from %s to %s', (stored, declared, first, second) => {
    const before = open<unknown>(first)
    const { backend } = open<unknown>(second)

    const restore = (): void => backend.restore(fileOf(before.backend.snapshot()))

    expect(restore).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_INCOMPATIBLE',
        message:
          `state "sum" of operator "op" has the kind "${declared}", but the checkpoint holds it ` +
          `with the kind "${stored}"`,
      }),
    )
  })
})
