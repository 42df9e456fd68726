import type { Sink } from '@flinkts/core/connector'
import { sinkWithMoments } from '@flinkts/core/testing'
import type { KitRecord } from '../../records/kit-record.ts'
import { Moments } from '../moments.ts'
import type { Kill } from '../process-plan.ts'

/**
 * A sink that kills its process at a moment of the contract, from inside: nothing of the process
 * runs after the moment, so no time of the machine decides what was done and what not.
 *
 * @internal
 */
export function killingSink(sink: Sink<KitRecord>, kill: Kill): Sink<KitRecord> {
  const moments = new Moments(kill)
  return sinkWithMoments(sink, { reach: (moment) => moments.reach(moment) })
}
