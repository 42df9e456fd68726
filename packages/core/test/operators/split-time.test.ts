import { describe, expect, test } from 'vitest'
import { SplitTime } from '../../src/operators/source-time.ts'

type Status = 'active' | 'paused' | 'idle' | 'finished'

/** A split in a status, at watermark 20, and what it tells its source from then on. */
function splitIn(status: Status): { split: SplitTime; told: string[] } {
  const told: string[] = []
  const split = new SplitTime('orders', undefined, {
    emitWatermark: (timestamp) => void told.push(`watermark ${timestamp}`),
    setIdle: (idle) => void told.push(idle ? 'idle' : 'active'),
    resume: () => void told.push('resume'),
  })
  split.advance(20)
  if (status === 'paused') split.align(10)
  if (status === 'idle') split.markIdle()
  if (status === 'finished') split.release()
  told.length = 0
  return { split, told }
}

const events = {
  record: (split) => split.wake(),
  watermark: (split) => split.advance(30),
  idle: (split) => split.markIdle(),
  beyond: (split) => split.align(10) ?? undefined,
  within: (split) => split.align(20) ?? undefined,
  released: (split) => split.release(),
} satisfies Record<string, (split: SplitTime) => string | void>

/** What the split tells, what the reader must do, and the status afterwards. */
type Answer = readonly [told: readonly string[], status: Status, reader?: 'pause' | 'resume']

const table: Record<Status, Record<keyof typeof events, Answer>> = {
  active: {
    record: [[], 'active'],
    watermark: [['watermark 30'], 'active'],
    idle: [['idle'], 'idle'],
    beyond: [[], 'paused', 'pause'],
    within: [[], 'active'],
    released: [[], 'finished'],
  },
  paused: {
    record: [[], 'paused'],
    watermark: [['watermark 30'], 'paused'],
    idle: [['resume', 'idle'], 'idle'],
    beyond: [[], 'paused'],
    within: [[], 'active', 'resume'],
    released: [['resume'], 'finished'],
  },
  idle: {
    record: [['active'], 'active'],
    watermark: [['watermark 30'], 'active'],
    idle: [[], 'idle'],
    beyond: [[], 'idle'],
    within: [[], 'idle'],
    released: [[], 'finished'],
  },
  finished: {
    record: [[], 'finished'],
    watermark: [[], 'finished'],
    idle: [[], 'finished'],
    beyond: [[], 'finished'],
    within: [[], 'finished'],
    released: [[], 'finished'],
  },
}

const cases = Object.entries(table).flatMap(([status, answers]) =>
  Object.entries(answers).map(([event, answer]) => {
    return [status as Status, event as keyof typeof events, answer] as const
  }),
)

describe('a split', () => {
  test.each(cases)('that is %s hears: %s', (status, event, [told, after, reader]) => {
    const { split, told: heard } = splitIn(status)

    const change: unknown = events[event](split)

    expect(heard).toEqual(told)
    expect(split.status).toBe(after)
    expect(change).toBe(reader)
  })
})
