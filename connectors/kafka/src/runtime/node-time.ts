import type { Clock, Scheduler } from '@flinkts/core/connector'

/** The time of this machine, for what runs outside of a job. @internal */
export const nodeTime: Clock & Scheduler = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  soon: (callback) => {
    setImmediate(callback)
  },
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
}
