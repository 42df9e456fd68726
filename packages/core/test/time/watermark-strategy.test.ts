import { describe, expect, test } from 'vitest'
import {
  boundedOutOfOrderness,
  ingestionTime,
  monotonousTimestamps,
  noWatermarks,
  watermarkGenerator,
  type WatermarkStrategy,
} from '../../src/time/watermark-strategy.ts'

/** What a strategy emits at a tick after these timestamps, tick by tick. */
function emittedAfter<T>(
  strategy: WatermarkStrategy<T>,
  ...ticks: readonly (readonly number[])[]
): readonly number[][] {
  const generator = strategy.settings.createGenerator()
  return ticks.map((timestamps) => {
    const emitted: number[] = []
    const output = {
      emitWatermark: (timestamp: number) => void emitted.push(timestamp),
      markIdle: () => {},
    }
    for (const timestamp of timestamps) generator.onEvent('x' as T, timestamp, output)
    generator.onPeriodicEmit?.(output)
    return emitted
  })
}

describe('a watermark strategy', () => {
  test('stays its bound and a millisecond behind the greatest timestamp', () => {
    expect(emittedAfter(boundedOutOfOrderness(10), [100, 130, 90], [120], [200])).toEqual([
      [119],
      [119],
      [189],
    ])
  })

  test('of timestamps that only grow stays a millisecond behind', () => {
    expect(emittedAfter(monotonousTimestamps(), [5, 7])).toEqual([[6]])
  })

  test('emits nothing before the first timestamp', () => {
    expect(emittedAfter(boundedOutOfOrderness(10), [])).toEqual([[]])
  })

  test('may be to emit nothing', () => {
    expect(emittedAfter(noWatermarks(), [1, 2])).toEqual([[]])
  })

  test('makes a generator of its own for each split', () => {
    const strategy = monotonousTimestamps()

    expect(strategy.settings.createGenerator()).not.toBe(strategy.settings.createGenerator())
  })

  test('is not changed by what is made from it', () => {
    const strategy = boundedOutOfOrderness<number>(10)

    const changed = strategy.withIdleness(500).withTimestamps((value) => value)

    expect(strategy.settings.idleMs).toBeUndefined()
    expect(strategy.settings.timestamps).toBeUndefined()
    expect(changed.settings.idleMs).toBe(500)
    expect(Object.isFrozen(changed.settings)).toBe(true)
  })

  test.each([
    ['a negative bound', () => boundedOutOfOrderness(-1)],
    ['a bound that is no number', () => boundedOutOfOrderness(Number.NaN)],
    ['an endless bound', () => boundedOutOfOrderness(Infinity)],
    ['no idle time', () => monotonousTimestamps().withIdleness(0)],
    ['an endless idle time', () => monotonousTimestamps().withIdleness(Infinity)],
    ['timestamps of no function', () => monotonousTimestamps().withTimestamps('at' as never)],
    ['a generator of no function', () => watermarkGenerator({} as never)],
    ['a group without a name', () => monotonousTimestamps().withAlignment('', 1)],
    ['a negative drift', () => monotonousTimestamps().withAlignment('group', -1)],
    ['an interval that is none', () => monotonousTimestamps().withAlignment('group', 1, 0)],
    ['two kinds of timestamps', () => ingestionTime().withTimestamps(() => 1)],
  ])('is refused with %s', (_what, define) => {
    expect(define).toThrow(expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID' }))
  })
})
