import type { BatchReader } from './batch-reader.ts'

/** A transaction that was aborted, as the response of a fetch names it. @internal */
export interface AbortedTransaction {
  readonly producerId: number
  /** The offset of its first record in the partition. */
  readonly firstOffset: number
}

/** What of a batch the filter looks at. @internal */
export type FilteredBatch = Pick<
  BatchReader,
  'lastOffset' | 'producerId' | 'isTransactional' | 'isControl' | 'transactionMarker'
>

/**
 * Tells which batches of a partition belong to aborted transactions, for readers that only want
 * what was committed.
 *
 * Brokers name with each response every aborted transaction that overlaps the offsets in it, in any
 * order, again and again until the fetches are behind its end. So what they said with an earlier
 * response is forgotten: compaction may remove the end of a transaction together with its name, and
 * a producer that was remembered would then stay aborted, with all that it commits.
 *
 * @internal
 */
export class AbortedTransactions {
  #pending: readonly AbortedTransaction[] = []
  #pendingIndex = 0
  readonly #abortedProducers = new Set<number>()

  /**
   * Begins with a response.
   *
   * @param transactions - Those of its partition, in any order; null where the broker sent none.
   */
  reset(transactions: readonly AbortedTransaction[] | null): void {
    this.#abortedProducers.clear()
    this.#pendingIndex = 0
    this.#pending = (transactions ?? []).toSorted(byFirstOffset)
  }

  /**
   * Whether the records of a batch were aborted. Call it for every batch of the response, once, in
   * their order: control batches end transactions.
   *
   * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID if a control batch cannot be read.
   */
  isAborted(batch: FilteredBatch): boolean {
    if (this.#pendingIndex < this.#pending.length) this.#beginUpTo(batch.lastOffset)
    if (this.#abortedProducers.size === 0) return false
    if (batch.isControl) {
      this.#end(batch)
      return false
    }
    return batch.isTransactional && this.#abortedProducers.has(batch.producerId)
  }

  /** Several may begin before the first batch that is read. */
  #beginUpTo(lastOffset: number): void {
    let transaction = this.#pending[this.#pendingIndex]
    while (transaction !== undefined && transaction.firstOffset <= lastOffset) {
      this.#abortedProducers.add(transaction.producerId)
      this.#pendingIndex += 1
      transaction = this.#pending[this.#pendingIndex]
    }
  }

  #end(batch: FilteredBatch): void {
    if (!this.#abortedProducers.has(batch.producerId)) return
    if (batch.transactionMarker()?.type === 'abort') this.#abortedProducers.delete(batch.producerId)
  }
}

function byFirstOffset(one: AbortedTransaction, other: AbortedTransaction): number {
  return one.firstOffset - other.firstOffset
}
