import type {
  InputStatus,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'

/** Numbers that a reader has still to emit: from `next` (inclusive) to `end` (exclusive). */
interface RangeSplit {
  readonly splitId: string
  readonly next: number
  readonly end: number
}

/** When the first record was asked for, and when the last one was out; by `performance.now()`. */
export interface RangeTimes {
  startedMs: number
  endedMs: number
}

const splitSerializer = {
  version: 1,
  serialize: (split: RangeSplit): Uint8Array => Buffer.from(JSON.stringify(split)),
  deserialize: (_version: number, bytes: Uint8Array): RangeSplit =>
    JSON.parse(Buffer.from(bytes).toString()) as RangeSplit,
}
const stateSerializer = {
  version: 1,
  serialize: (assigned: boolean): Uint8Array => Uint8Array.of(assigned ? 1 : 0),
  deserialize: (_version: number, bytes: Uint8Array): boolean => bytes[0] === 1,
}

/** The numbers from 0 to `count` (exclusive), as fast as they are taken, in one subtask. */
export function rangeSource(
  count: number,
  times: RangeTimes,
): Source<number, RangeSplit, boolean, true> {
  return {
    description: `numbers below ${count}`,
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'counted',
    splitSerializer,
    enumeratorStateSerializer: stateSerializer,
    createEnumerator: (context, restored) => new RangeEnumerator(context, count, restored ?? false),
    createReader: (context) => new RangeReader(context, times),
  }
}

class RangeEnumerator implements SplitEnumerator<RangeSplit, boolean> {
  readonly #context: SplitEnumeratorContext<RangeSplit>
  readonly #count: number
  #assigned: boolean

  constructor(context: SplitEnumeratorContext<RangeSplit>, count: number, assigned: boolean) {
    this.#context = context
    this.#count = count
    this.#assigned = assigned
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  addReader(): void {}

  handleSplitRequest(subtask: number): void {
    if (!this.#assigned) {
      this.#context.assignSplit({ splitId: 'range', next: 0, end: this.#count }, subtask)
    }
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

class RangeReader implements SourceReader<number, RangeSplit> {
  readonly #context: SourceReaderContext
  readonly #times: RangeTimes
  #split: RangeSplit | undefined
  #next = 0
  #noMoreSplits = false
  #available = Promise.withResolvers<void>()

  constructor(context: SourceReaderContext, times: RangeTimes) {
    this.#context = context
    this.#times = times
  }

  start(): void {
    this.#context.requestSplit()
  }

  pollNext(output: SourceOutput<number>): InputStatus {
    const split = this.#split
    if (split === undefined) return this.#noMoreSplits ? 'end-of-input' : this.#nothing()
    if (this.#next === 0) this.#times.startedMs = performance.now()
    const numbers = output.forSplit(split.splitId)
    while (this.#next < split.end) {
      this.#next += 1
      if (!numbers.collect(this.#next - 1)) return 'more-available'
    }
    this.#times.endedMs = performance.now()
    this.#split = undefined
    return 'more-available'
  }

  available(): Promise<void> {
    return this.#available.promise
  }

  addSplits(splits: readonly RangeSplit[]): void {
    this.#split = splits[0]
    this.#next = this.#split?.next ?? 0
    this.#available.resolve()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#available.resolve()
  }

  snapshotState(): readonly RangeSplit[] {
    return this.#split === undefined ? [] : [{ ...this.#split, next: this.#next }]
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  #nothing(): InputStatus {
    this.#available = Promise.withResolvers()
    return 'nothing-available'
  }
}
