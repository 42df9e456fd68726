import type {
  InputStatus,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'

/** What the job counts. */
export interface Bid {
  readonly auction: number
  readonly bidder: number
  readonly price: number
  readonly channel: string
  readonly item: string
}

/** Every `step`th bid, from `next` (inclusive) to `end` (exclusive). */
interface BidSplit {
  readonly splitId: string
  readonly next: number
  readonly step: number
  readonly end: number
}

/** When a reader is in the middle of its work. */
export interface ReaderMarks {
  /** It has read a quarter of a split: functions are compiled by then. */
  onWarm(): void
  onEnd(): void
}

const bidsAMs = 10
const warmPart = 0.25
const channels = ['apple', 'google', 'facebook', 'baidu'] as const

/** The bids from 0 to `count` (exclusive), a split for each reader, as fast as they are taken. */
export function bidSource(
  count: number,
  marks: ReaderMarks,
): Source<Bid, BidSplit, undefined, true> {
  return {
    description: `${count} bids`,
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'counted',
    splitSerializer: {
      version: 1,
      serialize: (split) => Buffer.from(JSON.stringify(split)),
      deserialize: (_version, bytes) => JSON.parse(Buffer.from(bytes).toString()) as BidSplit,
    },
    enumeratorStateSerializer: {
      version: 1,
      serialize: () => new Uint8Array(0),
      deserialize: () => undefined,
    },
    createEnumerator: (context) => enumerator(context, count),
    createReader: (context) => new BidReader(context, marks),
  }
}

function bidOf(index: number): Bid {
  return {
    auction: (index * 7919) % auctionCount,
    bidder: (index * 31) % 100_000,
    price: 1 + (index % 1000) / 4,
    channel: channels[index & 3] as string,
    item: `item${index % 5000}`,
  }
}

const auctionCount = 1000

function enumerator(
  context: SplitEnumeratorContext<BidSplit>,
  count: number,
): SplitEnumerator<BidSplit, undefined> {
  return {
    start: () => Promise.resolve(),
    addReader: () => undefined,
    handleSplitRequest(subtask) {
      const split = { splitId: `${subtask}`, next: subtask, step: context.parallelism, end: count }
      context.assignSplit(split, subtask)
      context.signalNoMoreSplits(subtask)
    },
    snapshotState: () => undefined,
    close: () => Promise.resolve(),
  }
}

class BidReader implements SourceReader<Bid, BidSplit> {
  readonly #context: SourceReaderContext
  readonly #marks: ReaderMarks
  #split: BidSplit | undefined
  #next = 0
  #warmAt = 0
  #noMoreSplits = false
  #available = Promise.withResolvers<void>()

  constructor(context: SourceReaderContext, marks: ReaderMarks) {
    this.#context = context
    this.#marks = marks
  }

  start(): void {
    this.#context.requestSplit()
  }

  pollNext(output: SourceOutput<Bid>): InputStatus {
    const split = this.#split
    if (split === undefined) return this.#noMoreSplits ? 'end-of-input' : this.#nothing()
    const bids = output.forSplit(split.splitId)
    while (this.#next < split.end) {
      const index = this.#next
      this.#next += split.step
      if (index < this.#warmAt && this.#next >= this.#warmAt) this.#marks.onWarm()
      if (!bids.collect(bidOf(index), Math.trunc(index / bidsAMs))) return 'more-available'
    }
    this.#marks.onEnd()
    this.#split = undefined
    return 'more-available'
  }

  available(): Promise<void> {
    return this.#available.promise
  }

  addSplits(splits: readonly BidSplit[]): void {
    this.#split = splits[0]
    this.#next = this.#split?.next ?? 0
    this.#warmAt = (this.#split?.end ?? 0) * warmPart
    this.#available.resolve()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#available.resolve()
  }

  snapshotState(): readonly BidSplit[] {
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
