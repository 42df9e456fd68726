import { nearNames } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import { errorProblem, type Problem } from './problem.ts'
import type { TableDescription } from './table-catalog.ts'
import { quotedTable, splitTableName } from './table-catalog.ts'

/** What the source wants of its tables. @internal */
export interface TableDemands {
  /** `schema.name` */
  readonly tables: readonly string[]
  /** Whether changes are read, not only a snapshot. */
  readonly streamed: boolean
  /** Whether the role must own the tables, to put them into a publication. */
  readonly owned: boolean
}

/** What keeps the tables from being read, each with its fix. @internal */
export async function tableProblems(
  client: PostgresClient,
  found: readonly TableDescription[],
  demands: TableDemands,
): Promise<readonly Problem[]> {
  const problems = found.flatMap((table) => problemsOf(table, demands))
  const names = new Set(found.map((table) => table.relation.table))
  const missing = demands.tables.filter((table) => !names.has(table))
  if (missing.length === 0) return problems
  const existing = await existingTables(client)
  return [...missing.map((table) => missingProblem(table, existing, 'tables')), ...problems]
}

/** Names that a suggestion is taken from, at most. */
const suggestedTablesMax = 5_000

/** As `schema.name`: tables that a name may have been meant for. @internal */
export async function existingTables(client: PostgresClient): Promise<readonly string[]> {
  const rows = await client.query(`
    SELECT n.nspname || '.' || c.relname AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND n.nspname NOT LIKE 'pg\\_toast%'
    ORDER BY 1 LIMIT ${suggestedTablesMax}`)
  return rows.map((row) => row['name'] ?? '')
}

/** A table that does not exist, of those that the option names. @internal */
export function missingProblem(
  table: string,
  existing: readonly string[],
  option: 'table' | 'tables',
): Problem {
  const near = nearTables(table, existing).map((candidate) => `"${candidate}"`)
  return errorProblem(
    'table-missing',
    'FLINKTS_POSTGRES_TABLE_MISSING',
    `table "${table}" does not exist`,
    near.length === 0
      ? `Create it, or correct the option "${option}". Names are "schema.name", in stored case.`
      : `Did you mean ${near.join(' or ')}? Names are "schema.name", in the case that ` +
          'Postgres stores.',
  )
}

const suggestionsMax = 3

/**
 * Those of `existing` that someone who wrote `table` may have meant: of the same name in another
 * schema or case, and then the nearest. @internal
 */
export function nearTables(table: string, existing: readonly string[]): readonly string[] {
  const name = bareName(table)
  const same = existing.filter((candidate) => bareName(candidate) === name)
  return [...new Set([...same, ...nearNames(table, existing)])].slice(0, suggestionsMax)
}

function bareName(table: string): string {
  return splitTableName(table).name.toLowerCase()
}

function problemsOf(table: TableDescription, demands: TableDemands): readonly Problem[] {
  const unsupported = unsupportedProblem(table, demands.streamed)
  if (unsupported !== undefined) return [unsupported]
  const problems = [keyProblem(table, demands.streamed), ...rightsProblems(table, demands)]
  return problems.filter((problem) => problem !== undefined)
}

function unsupportedProblem(table: TableDescription, streamed: boolean): Problem | undefined {
  const name = table.relation.table
  const code = 'table-unsupported'
  const errorCode = 'FLINKTS_POSTGRES_TABLE_UNSUPPORTED'
  if (table.kind === 'partitioned') {
    const hint = 'Name its partitions instead: "\\d+" in psql lists them.'
    return errorProblem(code, errorCode, `table "${name}" is partitioned`, hint)
  }
  if (table.kind !== 'table') {
    const hint = 'Name the tables that it is made of.'
    return errorProblem(code, errorCode, `"${name}" is a ${table.kind}, not a table`, hint)
  }
  if (table.logged || !streamed) return undefined
  const hint = `Run "ALTER TABLE ${quotedTable(name)} SET LOGGED", or leave the table out.`
  return errorProblem(
    code,
    errorCode,
    `table "${name}" is unlogged: changes are not in the WAL`,
    hint,
  )
}

function keyProblem(table: TableDescription, streamed: boolean): Problem | undefined {
  const name = table.relation.table
  const quoted = quotedTable(name)
  const errorCode = 'FLINKTS_POSTGRES_KEY_MISSING'
  if (table.key.length === 0) {
    const message = `table "${name}" has no primary key`
    const hint =
      `Run "ALTER TABLE ${quoted} ADD PRIMARY KEY (…)" with columns that name a row. (Published ` +
      'without one, the table would refuse every UPDATE and DELETE of the application.)'
    return errorProblem('key-missing', errorCode, message, hint)
  }
  if (table.unfitKeyColumns.length > 0) {
    const columns = table.unfitKeyColumns.map((column) => `"${column}"`).join(', ')
    const message = `the key of table "${name}" has an array or jsonb column: ${columns}`
    const hint = 'Give the table a unique index of other columns, and make it the replica identity.'
    return errorProblem('key-unsupported', errorCode, message, hint)
  }
  if (!streamed || table.relation.replicaIdentity !== 'nothing') return undefined
  const message = `table "${name}" has the replica identity "nothing"`
  const hint = `Run "ALTER TABLE ${quoted} REPLICA IDENTITY DEFAULT".`
  return errorProblem('replica-identity', errorCode, message, hint)
}

function rightsProblems(table: TableDescription, demands: TableDemands): readonly Problem[] {
  const name = table.relation.table
  const quoted = quotedTable(name)
  const errorCode = 'FLINKTS_POSTGRES_PERMISSION_DENIED'
  const problems: Problem[] = []
  if (!table.readable) {
    const hint =
      `As its owner, run "GRANT SELECT ON ${quoted} TO <role>", and "GRANT USAGE ON SCHEMA" ` +
      'for its schema.'
    problems.push(
      errorProblem('select-denied', errorCode, `no right to read table "${name}"`, hint),
    )
  }
  if (table.rowsHidden) {
    const message = `row security hides rows of table "${name}" from the role`
    const hint = 'Run "ALTER ROLE <role> BYPASSRLS" as a superuser.'
    problems.push(errorProblem('row-security', errorCode, message, hint))
  }
  if (demands.owned && !table.owned) {
    const message = `only the owner of table "${name}" can put it into a publication`
    const hint =
      'Connect as the owner, or create the publication as the owner and set the options ' +
      '"publication" and "managePublication: false".'
    problems.push(errorProblem('table-not-owned', errorCode, message, hint))
  }
  return problems
}
