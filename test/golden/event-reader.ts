import type {
  CheckpointNotice,
  InputStatus,
  SourceOutput,
  SourceReader,
  SplitOutput,
} from '@flinkts/core/connector'
import type { Event } from './event.ts'
import { EventGenerator } from './event-generator.ts'
import type { EventSourceOptions } from './event-source.ts'
import type { EventSplit } from './event-split.ts'

/** Reads the split of an event source. Runs on the task's thread. */
export class EventReader implements SourceReader<Event, EventSplit> {
  readonly #options: EventSourceOptions
  #events: EventsOfSplit | undefined
  #noMoreSplits = false
  #hold: Hold | undefined
  #available = Promise.withResolvers<void>()

  constructor(options: EventSourceOptions) {
    this.#options = options
  }

  start(): void {}

  pollNext(output: SourceOutput<Event>): InputStatus {
    if (this.#hold?.over === false) return this.#nothing()
    const events = this.#events
    if (events === undefined) return this.#noMoreSplits ? 'end-of-input' : this.#nothing()
    const splitOutput = output.forSplit(events.splitId)
    const until = this.#nextHold(events)
    events.emit(splitOutput, until)
    if (events.finished) this.#events = undefined
    else if (events.next === until) this.#hold = { checkpointId: undefined, over: false }
    return 'more-available'
  }

  available(): Promise<void> {
    return this.#available.promise
  }

  addSplits([split]: readonly EventSplit[]): void {
    if (split === undefined) return
    this.#events = new EventsOfSplit(split)
    // Restored at a hold: the checkpoint that it waits for is the one that it comes from.
    this.#hold = undefined
    this.#available.resolve()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#available.resolve()
  }

  snapshotState(checkpointId: number): readonly EventSplit[] {
    if (this.#hold !== undefined) this.#hold.checkpointId ??= checkpointId
    return this.#events === undefined ? [] : [this.#events.split]
  }

  notifyCheckpointComplete({ checkpointId }: CheckpointNotice): void {
    const hold = this.#hold
    if (hold?.checkpointId === undefined || checkpointId < hold.checkpointId) return
    hold.over = true
    this.#available.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** The index before which to stop, exclusive of where it stands. */
  #nextHold(events: EventsOfSplit): number {
    return this.#options.holds?.find((index) => index > events.next) ?? Infinity
  }

  #nothing(): InputStatus {
    this.#available = Promise.withResolvers()
    return 'nothing-available'
  }
}

/** A stop before an event, until a checkpoint that was taken there is complete. */
interface Hold {
  /** The first checkpoint that was taken at the stop. */
  checkpointId: number | undefined
  over: boolean
}

/** The events of a split. */
class EventsOfSplit {
  readonly splitId: string
  readonly #end: number
  readonly #generator: EventGenerator

  constructor({ splitId, generator, end }: EventSplit) {
    this.splitId = splitId
    this.#end = end
    this.#generator = new EventGenerator(generator)
  }

  get next(): number {
    return this.#generator.nextIndex
  }

  get finished(): boolean {
    return this.next >= this.#end
  }

  get split(): EventSplit {
    return { splitId: this.splitId, generator: this.#generator.state, end: this.#end }
  }

  /** Emits the events before `until`, as far as the output takes them. */
  emit(output: SplitOutput<Event>, until: number): void {
    const end = Math.min(until, this.#end)
    let more = true
    while (more && this.#generator.nextIndex < end) {
      const event = this.#generator.next()
      more = output.collect(event, event.ts)
    }
  }
}
