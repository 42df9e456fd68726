import { FlinktsError } from '@flinkts/core/connector'
import type { PostgresClient, SqlRow } from '../client.ts'
import type { Relation, RelationColumn, ReplicaIdentity } from '../records/relation.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'
import type { KeyColumn, KeyOrder } from '../snapshot/key-order.ts'

/** What `pg_class.relkind` says, as far as it matters. @internal */
export type TableKind = 'table' | 'partitioned' | 'view' | 'foreign' | 'other'

/** A table as the catalog describes it now. @internal */
export interface TableDescription {
  readonly relation: Relation
  readonly kind: TableKind
  /** Whether its changes are in the WAL: not of unlogged and temporary tables. */
  readonly logged: boolean
  /** Whether the role has the rights of the owner. */
  readonly owned: boolean
  /** Whether the role may SELECT. */
  readonly readable: boolean
  /** Whether policies of row security hide rows from the role. */
  readonly rowsHidden: boolean
  /** The columns that name a row, in the order of their index; empty: none. */
  readonly key: readonly KeyColumn[]
  /** Key columns of types that cannot be cut into ranges. */
  readonly unfitKeyColumns: readonly string[]
  /** Size of the main fork in bytes. */
  readonly sizeBytes: number
}

/** `schema.name` cut at the first dot; without one the schema is `public`. @internal */
export function splitTableName(table: string): { readonly schema: string; readonly name: string } {
  const dot = table.indexOf('.')
  if (dot < 0) return { schema: 'public', name: table }
  return { schema: table.slice(0, dot), name: table.slice(dot + 1) }
}

/** `schema.name` quoted for SQL. @internal */
export function quotedTable(table: string): string {
  const { schema, name } = splitTableName(table)
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
}

/**
 * Reads the descriptions of those of `tables` that exist, in the order of `tables`.
 *
 * @param tables - As `schema.name`.
 * @internal
 */
export async function describeTables(
  client: PostgresClient,
  tables: readonly string[],
): Promise<readonly TableDescription[]> {
  const names = tables.map((table) => {
    const { schema, name } = splitTableName(table)
    return `(${quoteLiteral(schema)}, ${quoteLiteral(name)})`
  })
  const rows = await client.query(tableQuery.replace('$tables', () => names.join(', ')))
  if (rows.length === 0) return []
  const oids = rows.map((row) => textOf(row, 'oid'))
  const columns = await client.query(columnQuery.replace('$oids', () => oids.join(', ')))
  const descriptions = rows.map((row) => {
    const own = columns.filter((column) => column['attrelid'] === row['oid'])
    return describe(row, own)
  })
  return descriptions.toSorted(
    (a, b) => tables.indexOf(a.relation.table) - tables.indexOf(b.relation.table),
  )
}

/**
 * The description of one table that must exist.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_TABLE_MISSING
 * @internal
 */
export async function describeTable(
  client: PostgresClient,
  table: string,
): Promise<TableDescription> {
  const [description] = await describeTables(client, [table])
  if (description === undefined) throw tableMissing(table)
  return description
}

/** @internal */
function tableMissing(table: string): FlinktsError {
  return new FlinktsError('FLINKTS_POSTGRES_TABLE_MISSING', `table "${table}" does not exist`, {
    hint: 'It was dropped or renamed. Name the tables that exist in the option "tables".',
  })
}

const tableQuery = `
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.relreplident,
  pg_has_role(c.relowner, 'USAGE') AS owned,
  has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
  c.relkind IN ('r', 'p') AND row_security_active(c.oid) AS hidden,
  CASE WHEN c.relkind = 'r' THEN pg_relation_size(c.oid) ELSE 0 END AS size
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (n.nspname, c.relname) IN ($tables) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`

// The key is the primary key, unless the replica identity is an index of its own: then that one,
// because old rows in the stream hold its columns. A deferrable key is none to Postgres. Generated
// columns are not in the stream, so they are left out.
const columnQuery = `
SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, base.oid AS baseoid, base.typcategory,
  array_position(k.indkey::int2[], a.attnum) AS keyposition,
  co.collname IN ('C', 'POSIX') OR (co.collname = 'default' AND d.datcollate IN ('C', 'POSIX')
    AND coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') = 'c') AS codepoints
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_database d ON d.datname = current_database()
JOIN LATERAL (
  WITH RECURSIVE chain AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory FROM pg_type t WHERE t.oid = a.atttypid
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory
    FROM chain JOIN pg_type t ON t.oid = chain.typbasetype WHERE chain.typtype = 'd'
  ) SELECT oid, typcategory FROM chain WHERE typtype <> 'd'
) base ON true
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN LATERAL (
  SELECT i.indkey[0:i.indnkeyatts - 1] AS indkey FROM pg_index i
  WHERE i.indrelid = c.oid AND i.indisvalid AND CASE c.relreplident
    WHEN 'i' THEN i.indisreplident ELSE i.indisprimary AND i.indimmediate END
) k ON true
WHERE a.attrelid IN ($oids) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attrelid, a.attnum`

function describe(row: SqlRow, columnRows: readonly SqlRow[]): TableDescription {
  const schema = textOf(row, 'nspname')
  const name = textOf(row, 'relname')
  const replicaIdentity = identities[textOf(row, 'relreplident')] ?? 'nothing'
  const keyRows = columnRows
    .filter((column) => column['keyposition'] !== null)
    .toSorted((a, b) => Number(a['keyposition']) - Number(b['keyposition']))
  return {
    relation: {
      oid: Number(row['oid']),
      schema,
      name,
      table: `${schema}.${name}`,
      replicaIdentity,
      columns: columnRows.map((column) => relationColumn(column, replicaIdentity)),
    },
    kind: kinds[textOf(row, 'relkind')] ?? 'other',
    logged: row['relpersistence'] === 'p',
    owned: row['owned'] === 't',
    readable: row['readable'] === 't',
    rowsHidden: row['hidden'] === 't',
    key: keyRows.map((column) => ({ name: textOf(column, 'attname'), order: orderOf(column) })),
    unfitKeyColumns: keyRows.filter(isUnfit).map((column) => textOf(column, 'attname')),
    sizeBytes: Number(row['size']),
  }
}

const identities: Readonly<Record<string, ReplicaIdentity>> = {
  d: 'default',
  n: 'nothing',
  f: 'full',
  i: 'index',
}

const kinds: Readonly<Record<string, TableKind>> = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'view',
  f: 'foreign',
}

function relationColumn(row: SqlRow, replicaIdentity: ReplicaIdentity): RelationColumn {
  const key = row['keyposition'] !== null
  return {
    name: textOf(row, 'attname'),
    typeOid: Number(row['atttypid']),
    typeModifier: Number(row['atttypmod']),
    key,
    identity: replicaIdentity === 'full' || (replicaIdentity !== 'nothing' && key),
  }
}

/** By OID of the base type; text types are decided by their collation. */
const orders: Readonly<Record<string, KeyOrder>> = {
  '16': 'native', // bool
  '20': 'native', // int8
  '21': 'native', // int2
  '23': 'native', // int4
  '26': 'native', // oid
  '700': 'native', // float4
  '701': 'native', // float8
  '1700': 'decimal', // numeric
  '17': 'bytes', // bytea
  '1082': 'timestamp', // date
  '1114': 'timestamp', // timestamp
  '1184': 'timestamp', // timestamptz
  '2950': 'text', // uuid
}

const textTypes = new Set(['19', '25', '1043']) // name, text, varchar

function orderOf(row: SqlRow): KeyOrder {
  const baseOid = textOf(row, 'baseoid')
  if (textTypes.has(baseOid)) return row['codepoints'] === 't' ? 'text' : 'collated-text'
  return orders[baseOid] ?? 'output'
}

/** Records hold arrays and parsed jsonb as objects, which have no one text to order by. */
function isUnfit(row: SqlRow): boolean {
  return row['typcategory'] === 'A' || row['baseoid'] === '3802'
}

function textOf(row: SqlRow, column: string): string {
  return row[column] ?? ''
}
