import type { Clock } from '../common/clock.ts'

/** The clocks of the machine. @internal */
export class NodeClock implements Clock {
  now(): number {
    return Date.now()
  }

  monotonic(): number {
    return performance.now()
  }
}
