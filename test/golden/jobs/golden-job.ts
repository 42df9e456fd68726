import type { DataStream } from '@flinkts/core'
import type { Bid, Event } from '../event.ts'

/** Records of a job that promises exactly once. */
export type Stream<T> = DataStream<T, 'exactly-once'>

/** A job of which the results of Flink are known. */
export interface GoldenJob {
  /** Names it on the command line and in tests. */
  readonly name: string
  /**
   * Builds it behind the events, which come with timestamps and watermarks. Gives the lines of each
   * result by the name that it has in the manifest. Operator ids are its own: jobs run together.
   */
  build(events: Stream<Event>): Readonly<Record<string, Stream<string>>>
}

/** In the subtask of the source, so that the order of the bids stays what it is. */
export function bidsOf(events: Stream<Event>): Stream<Bid> {
  return events.filter((event): event is Bid => event.kind === 'bid', { parallelism: 1 })
}
