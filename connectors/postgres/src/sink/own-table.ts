import type { PostgresClient } from '../client.ts'
import type { Problem } from '../catalog/problem.ts'
import { quotedTable, splitTableName } from '../catalog/table-catalog.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'

/** A table that the sink keeps for itself. @internal */
export interface OwnTable {
  /** Of the option that names it, too. */
  readonly kind: 'ledger' | 'staging'
  /** `schema.name` */
  readonly name: string
  /** What stands in the parentheses of CREATE TABLE. */
  readonly columns: string
  readonly rights: readonly ('SELECT' | 'INSERT' | 'DELETE')[]
}

/** Any number: two subtasks that make a table at a time would fail otherwise. */
const creationLock = 7_318_349_394_477_056_044n

/** Makes the table if it is missing. @throws FlinktsError as `PostgresClient.query` @internal */
export async function ensureOwnTable(client: PostgresClient, table: OwnTable): Promise<void> {
  const { found } = await accessTo(client, table)
  if (found) return
  // Statements that are sent together are one transaction.
  await client.execute(
    `SELECT pg_advisory_xact_lock(${creationLock});
     CREATE TABLE IF NOT EXISTS ${quotedTable(table.name)} (${table.columns})`,
  )
}

/** What the role can do about the table. @internal */
export interface TableAccess {
  readonly found: boolean
  /** Whether the role may use it, or, if it is not there, make it. */
  readonly allowed: boolean
}

/** @throws FlinktsError as `PostgresClient.query` @internal */
export async function accessTo(client: PostgresClient, table: OwnTable): Promise<TableAccess> {
  const { schema } = splitTableName(table.name)
  const rights = table.rights.map((right) => `has_table_privilege(t.oid, '${right}')`)
  // One look: another subtask may be about to make it.
  const [row] = await client.query(
    `SELECT t.oid IS NOT NULL AS found,
       CASE WHEN t.oid IS NULL THEN
         (SELECT has_schema_privilege(n.oid, 'CREATE') FROM pg_namespace n
          WHERE n.nspname = ${quoteLiteral(schema)})
       ELSE ${rights.join(' AND ')} END AS allowed
     FROM (SELECT to_regclass(${quoteLiteral(quotedTable(table.name))})::oid AS oid) t`,
  )
  return { found: row?.['found'] === 't', allowed: row?.['allowed'] === 't' }
}

/** What keeps the table from being used or made. @internal */
export async function ownTableProblems(
  client: PostgresClient,
  table: OwnTable,
): Promise<readonly Problem[]> {
  const { allowed } = await accessTo(client, table)
  if (allowed) return []
  const [row] = await client.query('SELECT current_user AS role')
  const role = quoteIdentifier(row?.['role'] ?? '')
  const name = quotedTable(table.name)
  return [
    {
      severity: 'error',
      code: `${table.kind}-denied`,
      errorCode: 'FLINKTS_POSTGRES_PERMISSION_DENIED',
      message: `role ${role} can neither use nor make the ${table.kind} table "${table.name}"`,
      hint:
        `As its owner, run "CREATE TABLE IF NOT EXISTS ${name} (${oneLine(table.columns)}); ` +
        `GRANT ${table.rights.join(', ')} ON ${name} TO ${role}", or name another table in ` +
        `"${table.kind}".`,
    },
  ]
}

function oneLine(sql: string): string {
  return sql.trim().replaceAll(/\s+/g, ' ')
}
