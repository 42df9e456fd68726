import type { PostgresClient } from '../client.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import type { PostgresCommittable } from './committable.ts'
import type { OwnTable } from './own-table.ts'

/**
 * The table that tells what was committed. Its rows are part of the transactions that they tell of,
 * and are only inserted, and removed when nobody asks for them any more: an update would wait for
 * the transaction before.
 *
 * @internal
 */
export function ledgerTable(name: string): OwnTable {
  return { kind: 'ledger', name, columns, rights: ['SELECT', 'INSERT', 'DELETE'] }
}

const columns = `
  job_id text NOT NULL, operator_id text NOT NULL, subtask int4 NOT NULL,
  checkpoint_id int8 NOT NULL, committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rows int8 NOT NULL, PRIMARY KEY (job_id, operator_id, subtask, checkpoint_id)`

/** What names a row of the ledger. */
type LedgerKey = Pick<PostgresCommittable, 'jobId' | 'operatorId' | 'subtask' | 'checkpointId'>

/**
 * The row of a transaction, into the transaction. Waits for another transaction that is about to
 * insert the same one.
 *
 * @returns whether it was not there before.
 * @internal
 */
export async function insertLedgerRow(
  client: PostgresClient,
  ledger: string,
  entry: PostgresCommittable,
): Promise<boolean> {
  const inserted = await client.query(
    `INSERT INTO ${quotedTable(ledger)} (job_id, operator_id, subtask, checkpoint_id, rows)
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING 1 AS inserted`,
    [...keyOf(entry), String(entry.rows)],
  )
  return inserted.length > 0
}

/** Whether it was committed. @internal */
export async function isInLedger(
  client: PostgresClient,
  ledger: string,
  entry: PostgresCommittable,
): Promise<boolean> {
  const found = await client.query(
    `SELECT 1 AS found FROM ${quotedTable(ledger)}
     WHERE job_id = $1 AND operator_id = $2 AND subtask = $3 AND checkpoint_id = $4`,
    keyOf(entry),
  )
  return found.length > 0
}

/** Removes what a subtask committed for checkpoints before this one. @internal */
export async function forgetLedgerRows(
  client: PostgresClient,
  ledger: string,
  before: LedgerKey,
): Promise<void> {
  await client.query(
    `DELETE FROM ${quotedTable(ledger)}
     WHERE job_id = $1 AND operator_id = $2 AND subtask = $3 AND checkpoint_id < $4`,
    keyOf(before),
  )
}

function keyOf(entry: LedgerKey): readonly string[] {
  return [entry.jobId, entry.operatorId, String(entry.subtask), String(entry.checkpointId)]
}
