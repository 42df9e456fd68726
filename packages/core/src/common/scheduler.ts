/** A timer or repetition that can be given up. @public */
export interface Cancellable {
  /** Idempotent; after it the callback is not called. */
  cancel(): void
}

/**
 * When things run. Callbacks run one at a time on the caller's thread, never inside the call that
 * scheduled them. The engine uses nothing else to wait, so a simulation can pick every next step.
 *
 * @public
 */
export interface Scheduler {
  /** Runs `callback` soon, after I/O that is ready had its turn. Callbacks may run in any order. */
  soon(callback: () => void): void
  /** Runs `callback` once, `delayMs` milliseconds (>= 0) from now or a little later. */
  after(delayMs: number, callback: () => void): Cancellable
}

/** Resolves after `delayMs`, or at once when `signal` is aborted. @public */
export function delay(scheduler: Scheduler, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = scheduler.after(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })
}
