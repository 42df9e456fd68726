import { noWatermark } from './watermark.ts'

/** Where a generator emits. @public */
export interface WatermarkOutput {
  /**
   * No record with a timestamp <= `timestamp` follows. One that does not go beyond the last is
   * ignored.
   */
  emitWatermark(timestamp: number): void
  /** Event time is not held back from here, until the next record. */
  markIdle(): void
}

/**
 * Makes watermarks out of records. One for each split (or subtask), in whose order of records it is
 * called; its state is in no checkpoint: after a restart it begins anew. Runs on the task's thread.
 *
 * @public
 */
export interface WatermarkGenerator<T> {
  /** After every record. `timestamp`: `-Infinity` if the record has none. */
  onEvent(value: T, timestamp: number, output: WatermarkOutput): void
  /**
   * Every `autoWatermarkIntervalMs` of the job, and after 131 072 records if these come first; not
   * while the outputs are full.
   */
  onPeriodicEmit?(output: WatermarkOutput): void
}

/** Flink: BoundedOutOfOrdernessWatermarks. @internal */
export class BoundedOutOfOrdernessGenerator implements WatermarkGenerator<unknown> {
  readonly #maxOutOfOrdernessMs: number
  #maxTimestamp = noWatermark

  constructor(maxOutOfOrdernessMs: number) {
    this.#maxOutOfOrdernessMs = maxOutOfOrdernessMs
  }

  onEvent(_value: unknown, timestamp: number): void {
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
  }

  onPeriodicEmit(output: WatermarkOutput): void {
    if (this.#maxTimestamp === noWatermark) return
    output.emitWatermark(this.#maxTimestamp - this.#maxOutOfOrdernessMs - 1)
  }
}

/** Emits nothing. @internal */
export const silentGenerator: WatermarkGenerator<unknown> = { onEvent: () => {} }
