import { FlinktsError } from '../common/errors.ts'
import {
  BoundedOutOfOrdernessGenerator,
  silentGenerator,
  type WatermarkGenerator,
} from './watermark-generator.ts'

/**
 * The event time of a record, in milliseconds since 1970; finite. `recordTimestamp` is the one that
 * the record has already (from its source, or from before), `undefined` if it has none. Called once
 * for each record, in order, and again for the same record after a restart: it must depend on its
 * arguments alone.
 *
 * @public
 */
export type TimestampAssigner<T> = (value: T, recordTimestamp: number | undefined) => number

/** What a strategy says, for those who carry it out. @internal */
export interface WatermarkSettings<T = unknown> {
  readonly createGenerator: () => WatermarkGenerator<T>
  /** Whether the generator is blind without timestamps. */
  readonly timestampsNeeded: boolean
  /** `undefined`: records keep theirs. */
  readonly timestamps: TimestampAssigner<T> | 'ingestion' | undefined
  /** `undefined`: nothing turns idle. */
  readonly idleMs: number | undefined
  /** `undefined`: nothing waits for others. */
  readonly alignment: AlignmentSettings | undefined
}

/** How far splits may be ahead of those of a group. Times in milliseconds. @internal */
export interface AlignmentSettings {
  readonly group: string
  readonly maxDriftMs: number
  readonly updateIntervalMs: number
}

/**
 * How records get their event time, and when event time advances. An immutable value: every method
 * returns a new one. Made by `boundedOutOfOrderness`, `monotonousTimestamps`, `ingestionTime`,
 * `noWatermarks` and `watermarkGenerator`. (Flink: WatermarkStrategy.)
 *
 * @public
 */
export class WatermarkStrategy<T> {
  /** @internal */
  readonly settings: WatermarkSettings<T>

  /** @internal */
  constructor(settings: WatermarkSettings<T>) {
    this.settings = Object.freeze(settings)
  }

  /**
   * Gives records their event time. Without it they keep the timestamp that their source gave them.
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID for ingestion time, which has its own timestamps
   */
  withTimestamps<Value extends T>(assign: TimestampAssigner<Value>): WatermarkStrategy<Value> {
    checkFunction('withTimestamps', assign)
    if (this.settings.timestamps === 'ingestion') {
      throw new FlinktsError(
        'FLINKTS_OPTION_INVALID',
        'a watermark strategy with ingestion time was given other timestamps',
        { hint: 'Use monotonousTimestamps() or boundedOutOfOrderness(ms) with withTimestamps.' },
      )
    }
    return new WatermarkStrategy<Value>({ ...this.settings, timestamps: assign })
  }

  /**
   * A split without records for `idleMs` (> 0) no longer holds back event time, until its next
   * record. Time in which it cannot be read (outputs are full, the thread is busy) does not count.
   * Looked at every `autoWatermarkIntervalMs` of the job, so it may take that much longer.
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID
   */
  withIdleness(idleMs: number): WatermarkStrategy<T> {
    checkNumber('withIdleness', 'idleMs', idleMs, { above: 0 })
    return new WatermarkStrategy({ ...this.settings, idleMs })
  }

  /**
   * Pauses a split whose event time is more than `maxDriftMs` (>= 0) ahead of the slowest subtask
   * of all sources of the job with the same `group`, so that nothing piles up behind it. Compared
   * every `updateIntervalMs` (>= 1). Only at sources; a source whose reader cannot pause a split
   * can have one split a subtask.
   *
   * @throws FlinktsError FLINKTS_OPTION_INVALID
   */
  withAlignment(
    group: string,
    maxDriftMs: number,
    updateIntervalMs: number = defaultUpdateIntervalMs,
  ): WatermarkStrategy<T> {
    checkGroup(group)
    checkNumber('withAlignment', 'maxDriftMs', maxDriftMs, { min: 0 })
    checkNumber('withAlignment', 'updateIntervalMs', updateIntervalMs, { min: 1 })
    const alignment = { group, maxDriftMs, updateIntervalMs }
    return new WatermarkStrategy({ ...this.settings, alignment })
  }
}

const defaultUpdateIntervalMs = 1000

const keepTimestamps = { timestamps: undefined, idleMs: undefined, alignment: undefined } as const

/**
 * For records that come at most `maxOutOfOrdernessMs` (>= 0) later than one of a greater timestamp:
 * event time stays that much, and one millisecond, behind the greatest timestamp seen.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function boundedOutOfOrderness<T>(maxOutOfOrdernessMs: number): WatermarkStrategy<T> {
  checkNumber('boundedOutOfOrderness', 'maxOutOfOrdernessMs', maxOutOfOrdernessMs, { min: 0 })
  return new WatermarkStrategy({
    ...keepTimestamps,
    createGenerator: () => new BoundedOutOfOrdernessGenerator(maxOutOfOrdernessMs),
    timestampsNeeded: true,
  })
}

/** For records whose timestamps never go back within a split. @public */
export function monotonousTimestamps<T>(): WatermarkStrategy<T> {
  return boundedOutOfOrderness(0)
}

/**
 * Event time is the time at which a record enters the job: only for sources. Not repeatable: after
 * a restart the same records get other timestamps.
 *
 * @public
 */
export function ingestionTime<T>(): WatermarkStrategy<T> {
  const { settings } = monotonousTimestamps<T>()
  return new WatermarkStrategy({ ...settings, timestamps: 'ingestion' })
}

/** Event time does not advance before the end of the input. @public */
export function noWatermarks<T>(): WatermarkStrategy<T> {
  return new WatermarkStrategy({
    ...keepTimestamps,
    createGenerator: () => silentGenerator,
    timestampsNeeded: false,
  })
}

/**
 * Watermarks of your own making: `create` is called for each split, or for each subtask in the
 * middle of a job. A generator that emits in `onEvent` alone gives the same watermarks between the
 * same records on every run; one that emits in `onPeriodicEmit` does not.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function watermarkGenerator<T>(create: () => WatermarkGenerator<T>): WatermarkStrategy<T> {
  checkFunction('watermarkGenerator', create)
  return new WatermarkStrategy({
    ...keepTimestamps,
    createGenerator: create,
    timestampsNeeded: false,
  })
}

function checkNumber(
  name: string,
  option: string,
  value: number,
  { above = -Infinity, min = -Infinity }: { readonly above?: number; readonly min?: number },
): void {
  if (Number.isFinite(value) && value > above && value >= min) return
  throw new FlinktsError('FLINKTS_OPTION_INVALID', `${option} of ${name} is ${value}`, {
    hint: `Use a number of milliseconds, ${above === 0 ? 'above 0' : `at least ${min}`}.`,
  })
}

function checkGroup(group: string): void {
  if (typeof group === 'string' && group !== '') return
  throw new FlinktsError('FLINKTS_OPTION_INVALID', 'the group of withAlignment has no name', {
    hint: 'Sources that wait for each other name the same group.',
  })
}

/** For users of JavaScript, whom no type stops. */
function checkFunction(name: string, value: unknown): void {
  if (typeof value === 'function') return
  throw new FlinktsError('FLINKTS_OPTION_INVALID', `${name} was given a ${typeof value}`, {
    hint: 'Give it a function.',
  })
}
