/** A number that only grows. @public */
export interface Counter {
  /** Adds `count` (>= 0; 1 unless told). */
  add(count?: number): void
}

/**
 * The metrics of one operator subtask, given to connectors. Names are camelCase and end in their
 * unit: `recordsIn`, `lagBytes`, `commitMs`.
 *
 * @public
 */
export interface MetricGroup {
  /** The counter of that name; the same one on every call. */
  counter(name: string): Counter
  /**
   * Registers `read`, called when metrics are collected; it must be cheap. Replaces a former one.
   */
  gauge(name: string, read: () => number): void
}

/** Where a metric belongs. @public */
export interface MetricScope {
  readonly operatorId: string
  readonly subtask: number
}

/** How a checkpoint went; times in milliseconds. @public */
export interface CheckpointStats {
  readonly checkpointId: number
  readonly status: 'completed' | 'failed'
  /** From the trigger to the manifest on disk, or to the failure. */
  readonly durationMs: number
  /** The longest time that a task waited for barriers on its other inputs. */
  readonly alignmentMs: number
  /** The longest synchronous part of a task. */
  readonly syncMs: number
  /** The longest time that a task wrote state or made its output durable. */
  readonly asyncMs: number
  /**
   * The longest time that a task was kept from its records at once: by its synchronous part, or by
   * a step of serializing its state.
   */
  readonly stallMs: number
  /** The bytes of state written. */
  readonly stateBytes: number
  readonly reason?: string
}

/** Receives metrics; the engine never reads them back. @public */
export interface MetricSink {
  counter(scope: MetricScope, name: string): Counter
  gauge(scope: MetricScope, name: string, read: () => number): void
  /** Called once for every checkpoint that completed or failed. */
  checkpointEnded(stats: CheckpointStats): void
}

/** The view of `sink` for one operator subtask. @internal */
export function metricGroup(sink: MetricSink, scope: MetricScope): MetricGroup {
  return {
    counter: (name) => sink.counter(scope, name),
    gauge: (name, read) => sink.gauge(scope, name, read),
  }
}
