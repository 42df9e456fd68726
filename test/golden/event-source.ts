import type { Source, SplitEnumerator, SplitEnumeratorContext } from '@flinkts/core/connector'
import type { Event } from './event.ts'
import { EventReader } from './event-reader.ts'
import { type EventSplit, firstSplit, splitSerializer } from './event-split.ts'

/** What `eventSource` emits, and when. */
export interface EventSourceOptions {
  readonly seed: number
  /** The number of events. */
  readonly count: number
  /**
   * Behind each event that is newer than all before it, the watermark `ts - outOfOrdernessMs - 1`;
   * undefined: none.
   */
  readonly outOfOrdernessMs?: number
  /**
   * Indexes, ascending, before whose events the source waits until a checkpoint has completed that
   * begins there: so a test says where a job restarts, however fast it runs.
   */
  readonly holds?: readonly number[]
}

/** The events in order, in one split: replayable, as its position is the generator's state. */
export function eventSource(options: EventSourceOptions): Source<Event, EventSplit, boolean, true> {
  const split = firstSplit({ seed: options.seed, end: options.count })
  return {
    description: `${options.count} events of seed ${options.seed}`,
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'computed from the position',
    splitSerializer,
    enumeratorStateSerializer: {
      version: 1,
      serialize: (assigned) => Uint8Array.of(assigned ? 1 : 0),
      deserialize: (_version, bytes) => bytes[0] === 1,
    },
    createEnumerator: (context, restored) => new OneSplit(context, split, restored ?? false),
    createReader: (context) => new EventReader(context, options),
  }
}

/** Hands out one split, to whoever asks first. */
class OneSplit implements SplitEnumerator<EventSplit, boolean> {
  readonly #context: SplitEnumeratorContext<EventSplit>
  readonly #split: EventSplit
  #assigned: boolean

  constructor(context: SplitEnumeratorContext<EventSplit>, split: EventSplit, assigned: boolean) {
    this.#context = context
    this.#split = split
    this.#assigned = assigned
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  addReader(): void {}

  handleSplitRequest(subtask: number): void {
    if (!this.#assigned) this.#context.assignSplit(this.#split, subtask)
    this.#assigned = true
    this.#context.signalNoMoreSplits(subtask)
  }

  snapshotState(): boolean {
    return this.#assigned
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
