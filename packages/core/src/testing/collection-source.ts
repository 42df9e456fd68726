import { singleSplit } from '../connector/single-split.ts'
import type { InputStatus, SourceOutput, SourceReader } from '../connector/source-reader.ts'
import type { Source } from '../connector/source.ts'
import type { SourceSplit } from '../connector/source-split.ts'
import { jsonSerializer } from './simulation/json-serializer.ts'

/** What goes with the values of a collection. @public */
export interface CollectionSourceOptions<T> {
  /** The event time of a value, milliseconds since 1970; default: values have none. */
  readonly timestamps?: (value: T) => number
  /**
   * The watermark behind a value: none that follows has a timestamp <= what it returns. Default,
   * and for `undefined`: none, until the end of the values.
   */
  readonly watermarks?: (value: T) => number | undefined
}

/** How far a collection is read. @public */
export interface CollectionSplit extends SourceSplit {
  /** Index of the next value. */
  readonly position: number
}

/**
 * A bounded source of `values`, in order, read by the first subtask. Replayable: after a restart it
 * goes on where the checkpoint was. For tests.
 *
 * @public
 */
export function collectionSource<T>(
  values: readonly T[],
  options: CollectionSourceOptions<T> = {},
): Source<T, CollectionSplit, boolean, true> {
  return {
    ...singleSplit<CollectionSplit>({ splitId: 'collection', position: 0 }),
    description: `collection of ${values.length} values`,
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'position in a collection',
    splitSerializer: jsonSerializer(),
    createReader: () => new CollectionReader(values, options),
  }
}

class CollectionReader<T> implements SourceReader<T, CollectionSplit> {
  readonly #values: readonly T[]
  readonly #options: CollectionSourceOptions<T>
  #splits: CollectionSplit[] = []
  #noMoreSplits = false
  #wake: () => void = () => {}

  constructor(values: readonly T[], options: CollectionSourceOptions<T>) {
    this.#values = values
    this.#options = options
  }

  start(): void {}

  pollNext(output: SourceOutput<T>): InputStatus {
    const { length } = this.#values
    const index = this.#splits.findIndex(({ position }) => position < length)
    const split = this.#splits[index]
    if (split === undefined) return this.#noMoreSplits ? 'end-of-input' : 'nothing-available'
    this.#splits[index] = { ...split, position: this.#emit(split, output) }
    return 'more-available'
  }

  available(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  addSplits(splits: readonly CollectionSplit[]): void {
    this.#splits.push(...splits)
    this.#wake()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#wake()
  }

  snapshotState(): readonly CollectionSplit[] {
    return [...this.#splits]
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** @returns the position behind the last value emitted. */
  #emit({ splitId, position }: CollectionSplit, output: SourceOutput<T>): number {
    const { timestamps, watermarks } = this.#options
    const splitOutput = output.forSplit(splitId)
    let next = position
    while (next < this.#values.length) {
      const value = this.#values[next] as T
      next += 1
      const more = splitOutput.collect(value, timestamps?.(value))
      const watermark = watermarks?.(value)
      if (watermark !== undefined) splitOutput.emitWatermark(watermark)
      if (!more) return next
    }
    return this.#values.length
  }
}
