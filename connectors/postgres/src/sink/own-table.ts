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
  if (await exists(client, table.name)) return
  // Statements that are sent together are one transaction.
  await client.execute(
    `SELECT pg_advisory_xact_lock(${creationLock});
     CREATE TABLE IF NOT EXISTS ${quotedTable(table.name)} (${table.columns})`,
  )
}

/** Whether it is there, and the role may use it. @internal */
export async function isUsable(client: PostgresClient, table: OwnTable): Promise<boolean> {
  if (!(await exists(client, table.name))) return false
  const rights = table.rights.map((right) => `has_table_privilege(c.oid, '${right}')`)
  const [row] = await client.query(
    `SELECT ${rights.join(' AND ')} AS usable FROM pg_class c
     WHERE c.oid = ${quoteLiteral(quotedTable(table.name))}::regclass`,
  )
  return row?.['usable'] === 't'
}

/** What keeps the table from being used or made. @internal */
export async function ownTableProblems(
  client: PostgresClient,
  table: OwnTable,
): Promise<readonly Problem[]> {
  if (await isUsable(client, table)) return []
  if (!(await exists(client, table.name)) && (await isCreatable(client, table.name))) return []
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

async function isCreatable(client: PostgresClient, table: string): Promise<boolean> {
  const [row] = await client.query(
    `SELECT has_schema_privilege(n.oid, 'CREATE') AS creatable FROM pg_namespace n
     WHERE n.nspname = ${quoteLiteral(splitTableName(table).schema)}`,
  )
  return row?.['creatable'] === 't'
}

async function exists(client: PostgresClient, table: string): Promise<boolean> {
  const [row] = await client.query(
    `SELECT to_regclass(${quoteLiteral(quotedTable(table))}) IS NOT NULL AS found`,
  )
  return row?.['found'] === 't'
}

function oneLine(sql: string): string {
  return sql.trim().replaceAll(/\s+/g, ' ')
}
