import type { Clock } from '../common/clock.ts'
import type { Scheduler } from '../common/scheduler.ts'
import { NodeClock } from './node-clock.ts'
import { NodeScheduler } from './node-scheduler.ts'

const clock = new NodeClock()
const scheduler = new NodeScheduler()

/**
 * The time of this machine, for what a connector does outside of a job, such as a preflight. In a
 * job it is the context that has clock and scheduler.
 *
 * @public
 */
export const systemTime: Clock & Scheduler = {
  now: () => clock.now(),
  monotonic: () => clock.monotonic(),
  soon: (callback) => scheduler.soon(callback),
  after: (delayMs, callback) => scheduler.after(delayMs, callback),
}
