import { expect, test } from 'vitest'
import { EventGenerator, initialState } from './event-generator.ts'
import { planFailures } from './failures.ts'

const events = { eventSeed: 42, count: 9000, outOfOrdernessMs: 2000 }
const seeds = Array.from({ length: 20 }, (_, seed) => seed)

test('every failure has a checkpoint before it, behind the failure before', () => {
  for (const seed of seeds) {
    const { failures, holds } = planFailures({ seed, ...events })
    const points = failures.flatMap((failure, index) => [holds[index] ?? -1, failure])

    expect(points).toHaveLength(6)
    expect(points).toEqual(points.toSorted((one, other) => one - other))
    expect(new Set(points).size).toBe(6)
    expect(points[0]).toBeGreaterThan(0)
    expect(points[5]).toBeLessThan(events.count)
  }
})

test('other seeds fail elsewhere', () => {
  const plans = seeds.map((seed) => JSON.stringify(planFailures({ seed, ...events })))

  expect(new Set(plans).size).toBe(seeds.length)
})

test('a run goes on with a late event', () => {
  const generator = new EventGenerator(initialState(events.eventSeed))
  const timestamps = Array.from({ length: events.count }, () => generator.next().ts)

  for (const hold of planFailures({ seed: 7, ...events }).holds) {
    const watermark = Math.max(...timestamps.slice(0, hold)) - events.outOfOrdernessMs - 1
    expect(timestamps[hold]).toBeLessThanOrEqual(watermark)
  }
})
