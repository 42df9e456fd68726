import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { systemCodeOf } from '@flinkts/core/connector'
import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import type { Event } from './event.ts'
import { EventGenerator, initialState } from './event-generator.ts'
import type { Stream } from './jobs/golden-job.ts'

/** Where a run fails, and where the checkpoints are from which it goes on. */
export interface FailurePlan {
  /** Indexes of events, ascending: a task throws at each, once. */
  readonly failures: readonly number[]
  /**
   * Where the source waits for a checkpoint; one before each failure. The next event is late there:
   * a job that forgets how far time was takes it for one in time.
   */
  readonly holds: readonly number[]
}

/** The events of a run, and the seed that says where it fails. */
export interface FailureOptions {
  readonly seed: number
  readonly eventSeed: number
  /** Enough that a third of them has a late one: some thousands. */
  readonly count: number
  readonly outOfOrdernessMs: number
}

const failureCount = 3
/** The most events that are replayed after a failure. */
const replayedMax = 5000

/** Fails three times, at points that follow from the seed: one in each third of the events. */
export function planFailures(options: FailureOptions): FailurePlan {
  const prng = new SeededPrng(options.seed)
  const late = lateIndexes(options)
  const third = Math.trunc(options.count / failureCount)
  const failures: number[] = []
  const holds: number[] = []
  for (let index = 0; index < failureCount; index += 1) {
    const end = index * third + third - 1 - randomBelow(prng, Math.trunc(third / 2))
    const begin = end - Math.min(replayedMax, Math.trunc(third / 2))
    const candidates = late.filter((at) => at >= begin && at < end)
    const hold = candidates[randomBelow(prng, candidates.length)]
    if (hold === undefined) throw new Error(`no event from ${begin} to ${end} is late`)
    failures.push(hold + 1 + randomBelow(prng, end - hold))
    holds.push(hold)
  }
  return { failures, holds }
}

/** The events that come behind a watermark of at least their timestamp. */
function lateIndexes({ eventSeed, count, outOfOrdernessMs }: FailureOptions): readonly number[] {
  const generator = new EventGenerator(initialState(eventSeed))
  const indexes: number[] = []
  let timestampMax = -Infinity
  for (let index = 0; index < count; index += 1) {
    const { ts } = generator.next()
    if (ts <= timestampMax - outOfOrdernessMs - 1) indexes.push(index)
    timestampMax = Math.max(timestampMax, ts)
  }
  return indexes
}

/**
 * Passes events on, and throws at those of `failures` when they come for the first time. A file in
 * `folder` remembers each that has happened, as the world outside of a job would: over all attempts
 * and threads.
 */
export function failing(
  events: Stream<Event>,
  failures: readonly number[],
  folder: string,
): Stream<Event> {
  const planned = new Set(failures)
  return events.map(
    (event) => {
      if (planned.has(event.i) && isFirst(path.join(folder, String(event.i)))) {
        throw new Error(`failed at event ${event.i}, as planned`)
      }
      return event
    },
    { parallelism: 1 },
  )
}

/** The events at which tasks of a run have failed, ascending. */
export function failuresIn(folder: string): readonly number[] {
  return readdirSync(folder)
    .map(Number)
    .toSorted((one, other) => one - other)
}

/** Whether the file was not there; now it is. */
function isFirst(file: string): boolean {
  try {
    writeFileSync(file, '', { flag: 'wx' })
    return true
  } catch (cause) {
    if (systemCodeOf(cause) === 'EEXIST') return false
    throw cause
  }
}
