import type { Cancellable, Scheduler } from '../common/scheduler.ts'

/** What a timer of Node can hold; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1

/**
 * Node's event loop. What is scheduled keeps the process alive until it ran or was cancelled.
 *
 * @internal
 */
export class NodeScheduler implements Scheduler {
  soon(callback: () => void): void {
    setImmediate(callback)
  }

  after(delayMs: number, callback: () => void): Cancellable {
    let remainingMs = Math.ceil(delayMs)
    let timer: NodeJS.Timeout | undefined
    const wait = (): void => {
      const stepMs = Math.min(remainingMs, timerMsMax)
      remainingMs -= stepMs
      timer = setTimeout(remainingMs > 0 ? wait : callback, stepMs)
    }
    wait()
    return { cancel: () => clearTimeout(timer) }
  }
}
