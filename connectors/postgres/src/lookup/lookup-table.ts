import { FlinktsError, suggestionOf } from '@flinkts/core/connector'
import type { PostgresClient, SqlRow } from '../client.ts'
import { errorProblem } from '../catalog/problem.ts'
import type { Problem } from '../catalog/problem.ts'
import { quotedTable, splitTableName } from '../catalog/table-catalog.ts'
import { existingTables, missingProblem } from '../catalog/table-problems.ts'
import { problemOf, versionProblem } from '../preflight.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'
import { encoderOf, kindOf } from '../values/value-encoder.ts'
import { LookupQuery } from './lookup-query.ts'
import type { ResolvedPostgresLookupOptions } from './options.ts'

/** What a look at the table came to. @internal */
export interface LookupExamination {
  readonly problems: readonly Problem[]
  /** Undefined: there are errors. */
  readonly query: LookupQuery | undefined
}

interface Column {
  readonly name: string
  readonly oid: number
  /** Quoted, with its schema. */
  readonly type: string
}

/**
 * Looks at the table, without changing anything, and puts the query together. Whether it works –
 * the right to read, an operator to compare – is told by running it for no key at all.
 *
 * @throws FlinktsError as `PostgresClient.query`
 * @internal
 */
export async function examineLookup(
  client: PostgresClient,
  options: ResolvedPostgresLookupOptions,
  types: TypeCatalog,
): Promise<LookupExamination> {
  const outdated = versionProblem(client.serverVersion)
  if (outdated !== undefined) return failed([outdated])
  const { table } = options
  const { schema, name } = splitTableName(table)
  const rows = await client.query(
    columnQuery
      .replace('$schema', () => quoteLiteral(schema))
      .replace('$name', () => quoteLiteral(name)),
  )
  const [first] = rows
  if (first === undefined) {
    return failed([missingProblem(table, await existingTables(client), 'table')])
  }
  const columns = new Map(rows.map((row) => [row['attname'] ?? '', columnOf(row)]))
  const key = options.key.map(({ column }) => column)
  const unknown = [...key, ...options.columns].filter((column) => !columns.has(column))
  if (unknown.length > 0) return failed(unknown.map((column) => noColumn(table, column, columns)))
  const oids = [...columns.values()].map(({ oid }) => oid)
  await types.load(client, oids)
  const arrays = key.filter((column) => isArray(columns.get(column), types))
  if (arrays.length > 0) return failed(arrays.map((column) => arrayKey(table, column)))
  const tried = await tryQuery(client, queryOf(options, columns, types))
  if (tried.query === undefined) return tried
  const indexed = first['indexable'] !== 't' || (await hasIndex(client, first['oid'], key))
  return { ...tried, problems: indexed ? [] : [noIndex(table, key)] }
}

const columnQuery = `
SELECT c.oid, c.relkind IN ('r', 'p', 'm') AS indexable, a.attname, a.atttypid,
  quote_ident(tn.nspname) || '.' || quote_ident(t.typname) AS type
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
WHERE n.nspname = $schema AND c.relname = $name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY a.attnum`

/** Whose first column is one of the key: others narrow down what it finds. */
const indexQuery = `
SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = $oid AND i.indisvalid AND i.indpred IS NULL AND a.attname IN ($names)`

function columnOf(row: SqlRow): Column {
  return { name: row['attname'] ?? '', oid: Number(row['atttypid']), type: row['type'] ?? '' }
}

function isArray(column: Column | undefined, types: TypeCatalog): boolean {
  const type = column === undefined ? undefined : types.get(column.oid)
  return type?.elementOid !== undefined
}

function queryOf(
  { table, key, columns, rowsPerKeyMax }: ResolvedPostgresLookupOptions,
  existing: ReadonlyMap<string, Column>,
  types: TypeCatalog,
): LookupQuery {
  const named = (names: readonly string[]): readonly Column[] =>
    names.flatMap((name) => existing.get(name) ?? [])
  return new LookupQuery({
    table,
    rowsPerKeyMax,
    key: named(key.map(({ column }) => column)).map(({ name, oid, type }) => ({
      name,
      type,
      delimiter: types.get(oid)?.delimiter ?? ',',
      encode: encoderOf(types, oid, 'text'),
    })),
    columns: named(columns).map(({ name, oid }) => ({ name, decode: types.decoderOf(oid) })),
  })
}

async function tryQuery(client: PostgresClient, query: LookupQuery): Promise<LookupExamination> {
  try {
    await query.run(client, [])
    return { problems: [], query }
  } catch (failure) {
    return failed([problemOf(failure)])
  }
}

async function hasIndex(
  client: PostgresClient,
  oid: string | null | undefined,
  key: readonly string[],
): Promise<boolean> {
  const names = key.map(quoteLiteral).join(', ')
  const rows = await client.query(
    indexQuery.replace('$oid', () => oid ?? '0').replace('$names', () => names),
  )
  return rows.length > 0
}

function failed(problems: readonly Problem[]): LookupExamination {
  return { problems, query: undefined }
}

const columnInvalid = 'FLINKTS_POSTGRES_COLUMN_INVALID'

function noColumn(table: string, name: string, columns: ReadonlyMap<string, Column>): Problem {
  const message = `table "${table}" has no column "${name}"`
  const hint = suggestionOf(name, [...columns.keys()]) ?? 'Correct "key" or "columns".'
  return errorProblem('column-missing', columnInvalid, message, hint)
}

function arrayKey(table: string, name: string): Problem {
  const message = `column "${name}" of table "${table}" is an array, and cannot be in "key"`
  const hint = 'Make a view that has a row for each element, and look it up.'
  return errorProblem('key-unsupported', columnInvalid, message, hint)
}

function noIndex(table: string, key: readonly string[]): Problem {
  const columns = key.map(quoteIdentifier).join(', ')
  return {
    severity: 'warning',
    code: 'index-missing',
    errorCode: columnInvalid,
    message: `table "${table}" has no index that begins with a column of the lookup's key`,
    hint: `Each key reads all of it. Run "CREATE INDEX ON ${quotedTable(table)} (${columns})".`,
  }
}

/** What a record brings for a column of the key is of no use there. @internal */
export function keyInvalid(table: string, column: string, value: unknown): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_VALUE_INVALID',
    `column "${column}" of table "${table}" cannot be compared with ${kindOf(value)}`,
    { hint: 'Give what the column holds with a function in the option "key".' },
  )
}
