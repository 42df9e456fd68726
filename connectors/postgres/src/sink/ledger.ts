import type { PostgresClient } from '../client.ts'
import { quotedTable, splitTableName } from '../catalog/table-catalog.ts'
import type { Problem } from '../catalog/problem.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'
import type { PostgresCommittable } from './committable.ts'

/**
 * The table that tells which transactions were committed. Its rows are part of the transactions
 * that they tell of, and are only ever inserted: an update would wait for the transaction before.
 */
const columns = `
  job_id text NOT NULL, operator_id text NOT NULL, subtask int4 NOT NULL,
  checkpoint_id int8 NOT NULL, committed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rows int8 NOT NULL, PRIMARY KEY (job_id, operator_id, subtask, checkpoint_id)`

/** Any number: two subtasks that make the table at a time would fail otherwise. */
const creationLock = 7_318_349_394_477_056_044n

/** @throws FlinktsError as `PostgresClient.query` @internal */
export async function ensureLedger(client: PostgresClient, ledger: string): Promise<void> {
  if (await exists(client, ledger)) return
  // Statements that are sent together are one transaction.
  await client.execute(
    `SELECT pg_advisory_xact_lock(${creationLock});
     CREATE TABLE IF NOT EXISTS ${quotedTable(ledger)} (${columns})`,
  )
}

/** The row of a transaction, into the transaction. @internal */
export async function insertLedgerRow(
  client: PostgresClient,
  ledger: string,
  entry: PostgresCommittable,
): Promise<void> {
  const values = [...keyOf(entry), String(entry.rows)]
  await client.query(
    `INSERT INTO ${quotedTable(ledger)} (job_id, operator_id, subtask, checkpoint_id, rows)
     VALUES ($1, $2, $3, $4, $5)`,
    values,
  )
}

/** Whether the transaction was committed. @internal */
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

function keyOf(entry: PostgresCommittable): readonly string[] {
  return [entry.jobId, entry.operatorId, String(entry.subtask), String(entry.checkpointId)]
}

async function exists(client: PostgresClient, ledger: string): Promise<boolean> {
  const [row] = await client.query(
    `SELECT to_regclass(${quoteLiteral(quotedTable(ledger))}) IS NOT NULL AS found`,
  )
  return row?.['found'] === 't'
}

/** What keeps the ledger from being used or made. @internal */
export async function ledgerProblems(
  client: PostgresClient,
  ledger: string,
): Promise<readonly Problem[]> {
  const table = quotedTable(ledger)
  const [row] = (await exists(client, ledger))
    ? await client.query(
        `SELECT has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'SELECT')
           AS usable FROM pg_class c WHERE c.oid = ${quoteLiteral(table)}::regclass`,
      )
    : await client.query(
        `SELECT has_schema_privilege(n.oid, 'CREATE') AS usable FROM pg_namespace n
         WHERE n.nspname = ${quoteLiteral(splitTableName(ledger).schema)}`,
      )
  if (row?.['usable'] === 't') return []
  const role = quoteIdentifier(
    (await client.query('SELECT current_user AS role'))[0]?.['role'] ?? '',
  )
  return [
    {
      severity: 'error',
      code: 'ledger-denied',
      errorCode: 'FLINKTS_POSTGRES_PERMISSION_DENIED',
      message: `role ${role} can neither use nor make the ledger "${ledger}"`,
      hint:
        `As its owner, run "CREATE TABLE IF NOT EXISTS ${table} (${oneLine(columns)}); ` +
        `GRANT INSERT, SELECT ON ${table} TO ${role}", or name another table in "ledger".`,
    },
  ]
}

function oneLine(sql: string): string {
  return sql.trim().replaceAll(/\s+/g, ' ')
}
