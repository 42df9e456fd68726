import { singleSplit, type Source } from '@flinkts/core/connector'
import type { Event } from './event.ts'
import { EventReader } from './event-reader.ts'
import { type EventSplit, firstSplit, splitSerializer } from './event-split.ts'

/** What `eventSource` emits, and when. */
export interface EventSourceOptions {
  readonly seed: number
  /** The number of events. */
  readonly count: number
  /**
   * Indexes, ascending, before whose events the source waits until a checkpoint has completed that
   * begins there: so a test says where a job restarts, however fast it runs.
   */
  readonly holds?: readonly number[]
}

/**
 * The events in order, with their timestamps, in one split: replayable, as its position is the
 * generator's state.
 */
export function eventSource(options: EventSourceOptions): Source<Event, EventSplit, boolean, true> {
  return {
    ...singleSplit(firstSplit({ seed: options.seed, end: options.count })),
    description: `${options.count} events of seed ${options.seed}`,
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'computed from the position',
    splitSerializer,
    createReader: () => new EventReader(options),
  }
}
