import { FlinktsError, defined, suggestionOf } from '@flinkts/core/connector'
import { z } from 'zod'
import type { PostgresClient, SqlRow } from '../client.ts'
import { splitTableName } from '../catalog/table-catalog.ts'
import { quoteLiteral } from '../records/relation.ts'
import { encoderOf } from '../values/value-encoder.ts'
import type { ValueEncoder } from '../values/value-encoder.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'

/** A column of a table that is written. @internal */
export interface TargetColumn {
  readonly name: string
  /** Postgres's name of the type. */
  readonly type: string
  /** Whether a row must bring a value: it may not be null, and has no default. */
  readonly required: boolean
  /** Whether Postgres computes it, so that no row may bring one. */
  readonly generated: boolean
  /** Whether a row that is there keeps its value: that of an identity that is always generated. */
  readonly fixed: boolean
  /** The type without length or digits, as SQL: what exceeds them is an error, and not cut. */
  readonly plainType: string
  /**
   * The type of an array of such values, as SQL. Where values are arrays, or something else stands
   * between them than a comma, they are in it as text.
   */
  readonly inArray: string
  readonly encode: ValueEncoder
}

/** `pg_class.relkind` and what else matters of a table that is written. @internal */
export interface TargetTable {
  /** `schema.name` */
  readonly table: string
  readonly kind: 'table' | 'view' | 'foreign'
  /** Whether its rows outlive a crash of the server. */
  readonly logged: boolean
  /** What the role may do. */
  readonly rights: ReadonlySet<TableRight>
  /** Whether policies of row security hold for the role. */
  readonly guarded: boolean
  readonly columns: ReadonlyMap<string, TargetColumn>
  /** The columns of each unique index; those of the primary key first, if there is one. */
  readonly uniqueKeys: readonly UniqueKey[]
}

/** @internal */
export type TableRight = 'INSERT' | 'UPDATE' | 'SELECT' | 'DELETE'

/** A unique index by which rows can be written. @internal */
export interface UniqueKey {
  readonly primary: boolean
  readonly columns: readonly string[]
}

const tableQuery = `
SELECT c.oid, c.relkind, c.relpersistence,
  concat_ws(' ',
    CASE WHEN u.usable AND has_any_column_privilege(c.oid, 'INSERT') THEN 'INSERT' END,
    CASE WHEN u.usable AND has_any_column_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
    CASE WHEN u.usable AND has_any_column_privilege(c.oid, 'SELECT') THEN 'SELECT' END,
    CASE WHEN u.usable AND has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END) AS rights,
  row_security_active(c.oid) AS guarded
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT has_schema_privilege(n.oid, 'USAGE') AS usable) u
WHERE n.nspname = $schema AND c.relname = $name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`

const columnQuery = `
SELECT a.attname, a.atttypid, a.atttypmod, a.attgenerated <> '' AS generated,
  a.attidentity = 'a' AS fixed, format_type(a.atttypid, -1) AS plain_type,
  t.typoutput = 'pg_catalog.array_out'::regproc AND t.typtype <> 'd' OR t.typdelim <> ','
    AS as_text,
  (a.attnotnull OR t.typnotnull) AND NOT a.atthasdef AND a.attidentity = ''
    AND t.typdefault IS NULL AS required
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = $oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`

/** Those that ON CONFLICT can name: of columns, of all rows, and checked at once. */
const keyQuery = `
SELECT i.indisprimary AS primary,
  (SELECT json_agg(a.attname ORDER BY k.place)
   FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
     JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
   WHERE k.place <= i.indnkeyatts) AS columns
FROM pg_index i
WHERE i.indrelid = $oid AND i.indisunique AND i.indisvalid AND i.indimmediate
  AND i.indpred IS NULL AND i.indexprs IS NULL
ORDER BY i.indisprimary DESC, i.indexrelid`

const kinds: Readonly<Record<string, TargetTable['kind']>> = { v: 'view', m: 'view', f: 'foreign' }

/** @internal */
export interface TargetCatalog {
  readonly client: PostgresClient
  readonly types: TypeCatalog
  readonly json: 'text' | 'value'
}

/** The table as it is now; undefined: there is none of this name. @internal */
export async function findTarget(
  { client, types, json }: TargetCatalog,
  table: string,
): Promise<TargetTable | undefined> {
  const { schema, name } = splitTableName(table)
  const [row] = await client.query(
    tableQuery
      .replace('$schema', () => quoteLiteral(schema))
      .replace('$name', () => quoteLiteral(name)),
  )
  if (row === undefined) return undefined
  const columns = await client.query(columnQuery.replace('$oid', () => row['oid'] ?? ''))
  await types.load(
    client,
    columns.map((column) => Number(column['atttypid'])),
  )
  const keys = await client.query(keyQuery.replace('$oid', () => row['oid'] ?? ''))
  return {
    table: `${schema}.${name}`,
    kind: kinds[row['relkind'] ?? ''] ?? 'table',
    logged: row['relpersistence'] === 'p',
    rights: rightsIn(row['rights'] ?? ''),
    guarded: row['guarded'] === 't',
    columns: new Map(
      columns.map((column) => [column['attname'] ?? '', columnOf(column, types, json)]),
    ),
    uniqueKeys: keys.map((key) => ({
      primary: key['primary'] === 't',
      columns: namesSchema.parse(JSON.parse(key['columns'] ?? '[]')),
    })),
  }
}

function rightsIn(text: string): ReadonlySet<TableRight> {
  const names = text.split(' ')
  return new Set(allRights.filter((right) => names.includes(right)))
}

const allRights: readonly TableRight[] = ['INSERT', 'UPDATE', 'SELECT', 'DELETE']
const namesSchema = z.array(z.string())

function columnOf(row: SqlRow, types: TypeCatalog, json: 'text' | 'value'): TargetColumn {
  const oid = Number(row['atttypid'])
  const plainType = row['plain_type'] ?? ''
  return {
    name: row['attname'] ?? '',
    type: types.nameOf(oid, Number(row['atttypmod'])),
    required: row['required'] === 't',
    generated: row['generated'] === 't',
    fixed: row['fixed'] === 't',
    plainType,
    inArray: row['as_text'] === 't' ? 'text[]' : `${plainType}[]`,
    encode: encoderOf(types, oid, json),
  }
}

/** @throws FlinktsError FLINKTS_POSTGRES_TABLE_MISSING @internal */
export async function describeTarget(catalog: TargetCatalog, table: string): Promise<TargetTable> {
  const found = await findTarget(catalog, table)
  if (found !== undefined) return found
  throw new FlinktsError('FLINKTS_POSTGRES_TABLE_MISSING', `table "${table}" does not exist`, {
    hint: 'Create it, or correct the option "table" of the sink.',
  })
}

/** The column of a name, which a record has a value for. @internal */
export function writableColumn(target: TargetTable, name: string): TargetColumn {
  const column = target.columns.get(name)
  if (column?.generated === false) return column
  const problem = defined(columnProblem(target, name), 'such a column has a problem')
  throw new FlinktsError('FLINKTS_POSTGRES_COLUMN_INVALID', problem.message, { hint: problem.hint })
}

/** What keeps a column from being written. @internal */
export function columnProblem(
  target: TargetTable,
  name: string,
): { readonly message: string; readonly hint: string } | undefined {
  const column = target.columns.get(name)
  if (column === undefined) {
    return {
      message: `table "${target.table}" has no column "${name}"`,
      hint:
        suggestionOf(name, [...target.columns.keys()]) ??
        'Add it, or map the fields with "columns".',
    }
  }
  if (!column.generated) return undefined
  return {
    message: `column "${name}" of table "${target.table}" is generated`,
    hint: 'Leave it out: Postgres computes it.',
  }
}
