import {
  type InputStatus,
  singleSplit,
  type Source,
  type SourceOutput,
  type SourceReader,
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

/** The numbers from 0 to `count` (exclusive), as fast as they are taken, in one subtask. */
export function rangeSource(
  count: number,
  times: RangeTimes,
): Source<number, RangeSplit, boolean, true> {
  return {
    ...singleSplit({ splitId: 'range', next: 0, end: count }),
    description: `numbers below ${count}`,
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'counted',
    splitSerializer,
    createReader: () => new RangeReader(times),
  }
}

class RangeReader implements SourceReader<number, RangeSplit> {
  readonly #times: RangeTimes
  #split: RangeSplit | undefined
  #next = 0
  #noMoreSplits = false
  #available = Promise.withResolvers<void>()

  constructor(times: RangeTimes) {
    this.#times = times
  }

  start(): void {}

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
