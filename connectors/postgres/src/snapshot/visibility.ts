import { FlinktsError } from '@flinkts/core/connector'

/**
 * Which transactions a query saw, as `pg_current_snapshot()` tells it. Transaction ids are 64-bit
 * with their epoch; a number holds them exactly for any server that ever ran.
 *
 * @internal
 */
export interface TransactionSnapshot {
  /** Every transaction below it had ended. */
  readonly xmin: number
  /** No transaction from it on (inclusive) is visible. */
  readonly xmax: number
  /** Those in between that were still running. */
  readonly running: ReadonlySet<number>
}

const snapshotForm = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/

/**
 * Reads the text form `xmin:xmax:id,id,…`.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_PROTOCOL_VIOLATED
 * @internal
 */
export function parseSnapshot(text: string): TransactionSnapshot {
  const match = snapshotForm.exec(text)
  if (match === null) {
    throw new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', `"${text}" is not a snapshot`)
  }
  const [, xmin, xmax, running] = match
  const ids = running === undefined || running === '' ? [] : running.split(',').map(Number)
  return { xmin: Number(xmin), xmax: Number(xmax), running: new Set(ids) }
}

/**
 * Whether a query with this snapshot saw what a committed transaction wrote. The stream has only
 * the lower 32 bits of ids: of all ids with these bits the one nearest to `xmax` is meant, which is
 * right as long as fewer than 2^31 transactions lie between the two (Postgres itself demands the
 * same).
 *
 * @param transactionId - Lower 32 bits of a top-level transaction id, 0 to 2^32 exclusive.
 * @internal
 */
export function sees(snapshot: TransactionSnapshot, transactionId: number): boolean {
  const distance = (transactionId - snapshot.xmax) | 0
  if (distance >= 0) return false
  const wideId = snapshot.xmax + distance
  return wideId < snapshot.xmin || !snapshot.running.has(wideId)
}

/**
 * Whether a transaction that ran when `earlier` was taken may still run, as `later` tells.
 * @internal
 */
export function transactionsLeft(
  earlier: TransactionSnapshot,
  later: TransactionSnapshot,
): readonly number[] {
  return [...earlier.running].filter((id) => id >= later.xmin && later.running.has(id))
}
