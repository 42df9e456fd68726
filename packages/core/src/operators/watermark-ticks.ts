import type { Cancellable, Scheduler } from '../common/scheduler.ts'
import type { FlowControl } from '../network/flow-control.ts'

/**
 * A fast input does not wait for its tick: what it brings between two watermarks is in memory until
 * the second one, and should still be in the caches of the processor by then.
 *
 * @internal
 */
export const recordsPerWatermarkMax = 131_072

/** @internal */
export interface WatermarkTicksParts {
  readonly scheduler: Scheduler
  readonly flow: FlowControl
  readonly intervalMs: number
  readonly runOnTask: (action: () => void) => void
  /**
   * Called on the task. `silentMs`: how much of the time since the last tick counts as silence for
   * inputs that gave no record; 0 if the chain was halted.
   */
  readonly onTick: (silentMs: number) => void
}

/**
 * The ticks at which watermarks are emitted and idleness is looked at. A tick never counts more
 * than its interval, so a thread that was busy for long finds nobody idle; and none while the chain
 * is halted, so what cannot be read is not idle. Runs on the task's thread.
 *
 * @internal
 */
export class WatermarkTicks {
  readonly #parts: WatermarkTicksParts
  #timer: Cancellable | undefined
  #ended = false

  constructor(parts: WatermarkTicksParts) {
    this.#parts = parts
  }

  start(): void {
    const { scheduler, intervalMs } = this.#parts
    this.#timer = scheduler.after(intervalMs, () => this.#elapsed())
  }

  /** Idempotent. */
  end(): void {
    this.#ended = true
    this.#timer?.cancel()
  }

  #elapsed(): void {
    const { flow, intervalMs, runOnTask, onTick } = this.#parts
    const silentMs = flow.halted ? 0 : intervalMs
    runOnTask(() => {
      if (this.#ended) return
      onTick(silentMs)
      this.start()
    })
  }
}
