import type { Key, KeyColumn, KeyText } from './key-order.ts'
import { compareKeys, parseKey } from './key-order.ts'
import type { TransactionSnapshot } from './visibility.ts'
import { parseSnapshot, sees } from './visibility.ts'

/**
 * A part of a table that one query read: it begins where the range before it ends, and the query
 * saw `snapshot`. A chunk that was interrupted consists of several, each with its own snapshot.
 *
 * @internal
 */
export interface SnapshotRange {
  /** Where the range ends; undefined: at the end of the table (or of the chunk that it lies in). */
  readonly end: KeyText | undefined
  /** Whether a row with the key `end` lies in the range. */
  readonly inclusive: boolean
  /** As `pg_current_snapshot()` writes it. */
  readonly snapshot: string
}

/** Joins ranges that lie side by side and have the same snapshot. @internal */
export function mergeRanges(ranges: readonly SnapshotRange[]): readonly SnapshotRange[] {
  return ranges.filter((range, index) => ranges[index + 1]?.snapshot !== range.snapshot)
}

/**
 * Which snapshot read which keys of one table: tells for every key whether its row, as the snapshot
 * emitted it, already holds what a transaction did.
 *
 * @internal
 */
export class RangeIndex {
  readonly #columns: readonly KeyColumn[]
  readonly #ranges: readonly IndexedRange[]

  /** @param ranges - In the order of the key; they cover the table, so the last one has no end. */
  constructor(columns: readonly KeyColumn[], ranges: readonly SnapshotRange[]) {
    this.#columns = columns
    const snapshots = new Map<string, TransactionSnapshot>()
    this.#ranges = ranges.map((range) => {
      const snapshot = snapshots.get(range.snapshot) ?? parseSnapshot(range.snapshot)
      snapshots.set(range.snapshot, snapshot)
      const end = range.end === undefined ? undefined : parseKey(columns, range.end)
      return { end, inclusive: range.inclusive, snapshot }
    })
  }

  /** Whether the query that read the range of `key` saw the transaction. */
  seen(key: Key, transactionId: number): boolean {
    let low = 0
    let high = this.#ranges.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#isBeforeEnd(key, middle)) high = middle
      else low = middle + 1
    }
    const range = this.#ranges[low]
    return range !== undefined && sees(range.snapshot, transactionId)
  }

  /** Whether every range saw the transaction. */
  seenByAll(transactionId: number): boolean {
    return this.#ranges.every((range) => sees(range.snapshot, transactionId))
  }

  #isBeforeEnd(key: Key, index: number): boolean {
    const range = this.#ranges[index]
    if (range?.end === undefined) return true
    const compared = compareKeys(this.#columns, key, range.end)
    return range.inclusive ? compared <= 0 : compared < 0
  }
}

interface IndexedRange {
  readonly end: Key | undefined
  readonly inclusive: boolean
  readonly snapshot: TransactionSnapshot
}
