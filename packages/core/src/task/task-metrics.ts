import type { Clock } from '../common/clock.ts'
import type { MetricGroup } from '../common/metrics.ts'

/** What a task is doing. @internal */
export type TaskActivity = 'busy' | 'idle' | 'backpressured'

/** Where a task's time goes, and its records. Times in milliseconds. @internal */
export class TaskMetrics {
  readonly #clock: Clock
  readonly #totals: Record<TaskActivity, number> = { busy: 0, idle: 0, backpressured: 0 }
  #activity: TaskActivity = 'idle'
  #since: number
  recordsIn = 0

  constructor(clock: Clock, group: MetricGroup, recordsOut: () => number) {
    this.#clock = clock
    this.#since = clock.monotonic()
    group.gauge('recordsIn', () => this.recordsIn)
    group.gauge('recordsOut', recordsOut)
    group.gauge('busyMs', () => this.#totals.busy)
    group.gauge('idleMs', () => this.#totals.idle)
    group.gauge('backpressuredMs', () => this.#totals.backpressured)
  }

  /** From now on the task is `activity`. Returns the current monotonic time. */
  turnsTo(activity: TaskActivity): number {
    const now = this.#clock.monotonic()
    this.#totals[this.#activity] += now - this.#since
    this.#activity = activity
    this.#since = now
    return now
  }
}
