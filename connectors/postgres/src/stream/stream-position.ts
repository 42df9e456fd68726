import { FlinktsError } from '@flinkts/core/connector'
import type { Lsn } from '../records/lsn.ts'
import { formatLsn, noLsn, parseLsn } from '../records/lsn.ts'
import type { Transaction } from '../protocol/replication-stream.ts'
import type { StreamSplit } from '../split.ts'

/**
 * How far the stream was emitted, to the single change: a transaction may be cut anywhere by a
 * checkpoint. WAL positions alone cannot say it, since changes of one statement share one and
 * transactions interleave.
 *
 * `reopened` before every (re)connect, then the events of the stream. Runs on the reader's thread.
 *
 * @internal
 */
export class StreamPosition {
  #endLsn: Lsn
  /** Commit position of the open transaction; `noLsn`: none. */
  #openLsn: Lsn
  #openIndex: number
  /** Changes of the open transaction below it were emitted by an earlier connection. */
  #skipBelow = 0
  /** Whether the open transaction must come again, as the first one of the connection. */
  #resuming: boolean

  constructor(split: Pick<StreamSplit, 'endLsn' | 'openLsn' | 'openIndex'>) {
    this.#endLsn = parseLsn(split.endLsn)
    this.#openLsn = split.openLsn === undefined ? noLsn : parseLsn(split.openLsn)
    this.#openIndex = split.openIndex
    this.#resuming = this.#openLsn !== noLsn
  }

  /** Where a connection starts, and what a checkpoint taken now allows to acknowledge. */
  get endLsn(): Lsn {
    return this.#endLsn
  }

  /** The stream begins again at `endLsn`. */
  reopened(): void {
    this.#resuming = this.#openLsn !== noLsn
  }

  /**
   * @throws FlinktsError FLINKTS_POSTGRES_SLOT_AHEAD if the transaction that was cut does not come
   * again
   */
  begin(transaction: Transaction): void {
    const { finalLsn } = transaction
    if (!this.#resuming) {
      this.#openLsn = finalLsn
      this.#openIndex = 0
      this.#skipBelow = 0
      return
    }
    if (finalLsn !== this.#openLsn) throw transactionMissing(this.#openLsn, finalLsn)
    this.#resuming = false
    this.#skipBelow = this.#openIndex
  }

  /** Whether the change at this index of the open transaction is new; takes it as emitted. */
  advance(index: number): boolean {
    if (index < this.#skipBelow) return false
    this.#openIndex = index + 1
    return true
  }

  commit(endLsn: Lsn): void {
    this.#openLsn = noLsn
    this.#openIndex = 0
    this.#skipBelow = 0
    this.progress(endLsn)
  }

  progress(lsn: Lsn): void {
    // Before the cut transaction has come again, nothing behind it may be taken as emitted.
    if (this.#resuming || lsn <= this.#endLsn) return
    this.#endLsn = lsn
  }

  snapshot(): Pick<StreamSplit, 'endLsn' | 'openLsn' | 'openIndex'> {
    return {
      endLsn: formatLsn(this.#endLsn),
      openLsn: this.#openLsn === noLsn ? undefined : formatLsn(this.#openLsn),
      openIndex: this.#openIndex,
    }
  }
}

function transactionMissing(expected: Lsn, found: Lsn): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_SLOT_AHEAD',
    `the transaction at "${formatLsn(expected)}", in which the checkpoint stopped, did not come ` +
      `again; the stream went on at "${formatLsn(found)}"`,
    {
      hint:
        'The publication was changed, or the slot was advanced or made anew since the ' +
        'checkpoint. Drop the slot and start the job afresh with a new snapshot.',
    },
  )
}
