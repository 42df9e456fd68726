import type { Clock } from '../common/clock.ts'
import type { Logger } from '../common/logger.ts'
import type { MetricGroup } from '../common/metrics.ts'
import type { Scheduler } from '../common/scheduler.ts'

/** What the engine gives to every part of a connector. @public */
export interface ConnectorContext {
  /** The name of the job. */
  readonly jobName: string
  /**
   * Names this lineage of checkpoints: made at random by the first attempt, kept by every restart
   * and restore, new after a fresh start. Lowercase letters and digits. Use it in the names of
   * files and transactions, so that a fresh start never meets those of an older one.
   */
  readonly jobId: string
  /** The operator id that the job gave to this source or sink. */
  readonly operatorId: string
  /** The running attempt of the job, from 1; grows with every restart. A later one fences it. */
  readonly attempt: number
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly logger: Logger
}

/** What the engine gives to the parts that run in a subtask. @public */
export interface SubtaskContext extends ConnectorContext {
  /** Index of the subtask: 0 (inclusive) to `parallelism` (exclusive). */
  readonly subtask: number
  readonly parallelism: number
  readonly metrics: MetricGroup
}
