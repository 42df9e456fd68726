import type { Scheduler } from '@flinkts/core/connector'

/** How long something is waited for. @internal */
export interface Wait {
  readonly scheduler: Scheduler
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Called when the time is over; its result is what the wait fails with. */
  readonly onTimeout: () => Error
}

/**
 * Waits for a promise, but no longer than the wait allows. What the promise gives later is dropped.
 * Rejects with the reason of the signal if that is aborted.
 *
 * @internal
 */
export function waitFor<T>(promise: Promise<T>, wait: Wait): Promise<T> {
  const { scheduler, timeoutMs, signal, onTimeout } = wait
  const waiting = Promise.withResolvers<T>()
  const stop = (): void => {
    timer.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
  const onAbort = (): void => {
    stop()
    waiting.reject(reasonOf(signal))
  }
  const timer = scheduler.after(timeoutMs, () => {
    stop()
    waiting.reject(onTimeout())
  })
  promise.finally(stop).then(waiting.resolve, waiting.reject)
  if (signal?.aborted === true) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return waiting.promise
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error ? reason : new Error(`aborted: ${String(reason)}`)
}
