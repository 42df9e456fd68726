import type { PostgresClient, SqlRow } from '../client.ts'
import { errorProblem, type Problem } from '../catalog/problem.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import { existingTables, missingProblem } from '../catalog/table-problems.ts'
import { versionProblem } from '../preflight.ts'
import { quoteIdentifier } from '../records/relation.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'
import { ledgerProblems } from './ledger.ts'
import type { ResolvedPostgresSinkOptions } from './options.ts'
import { maxPreparedHint } from './prepare.ts'
import { columnProblem, findTarget } from './target-table.ts'
import type { TargetTable } from './target-table.ts'

/** What the sink will use. @internal */
export interface SinkDemands {
  readonly options: Pick<ResolvedPostgresSinkOptions<never>, 'mode' | 'tables' | 'json' | 'ledger'>
  /** The columns that the options name; undefined: those of the records. */
  readonly columns: readonly string[] | undefined
  readonly parallelism: number
  readonly types: TypeCatalog
}

/**
 * Looks, without changing anything, for all that would keep the sink from working. The errors that
 * it finds are those with which a start would fail.
 *
 * @throws FlinktsError as `PostgresClient.query`
 * @internal
 */
export async function examineSink(
  client: PostgresClient,
  demands: SinkDemands,
): Promise<readonly Problem[]> {
  const outdated = versionProblem(client.serverVersion)
  if (outdated !== undefined) return [outdated]
  const [server = {}] = await client.query(serverQuery)
  const problems = [...serverProblems(server, demands)]
  const { json, tables, ledger, mode } = demands.options
  const catalog = { client, types: demands.types, json }
  for (const table of new Set(tables)) {
    const target = await findTarget(catalog, table)
    if (target === undefined)
      problems.push(missingProblem(table, await existingTables(client), 'table'))
    else problems.push(...targetProblems(target, server['role'] ?? '', demands.columns))
  }
  if (mode === 'twoPhase') problems.push(...(await ledgerProblems(client, ledger)))
  return problems
}

const serverQuery = `
SELECT current_setting('max_prepared_transactions')::int4 AS prepared_max,
  pg_is_in_recovery() AS standby, current_user AS role`

/** While one is committed, the next one is prepared. */
const preparedPerSubtask = 2

function serverProblems(row: SqlRow, demands: SinkDemands): readonly Problem[] {
  const problems: Problem[] = []
  if (row['standby'] === 't') {
    const hint = 'Connect to the primary server.'
    problems.push(
      errorProblem(
        'standby',
        'FLINKTS_POSTGRES_SERVER_UNSUPPORTED',
        'the server is a read-only standby',
        hint,
      ),
    )
  }
  const wanted = demands.parallelism * preparedPerSubtask
  const allowed = Number(row['prepared_max'])
  if (demands.options.mode !== 'twoPhase' || allowed >= wanted) return problems
  const message =
    `max_prepared_transactions of the server is ${allowed}; ${wanted} are needed: ` +
    `${preparedPerSubtask} for each subtask of the sink`
  const hint =
    `${maxPreparedHint(wanted)} (more, if other sinks or applications use prepared transactions, ` +
    'too); or use the mode "append".'
  problems.push(
    allowed === 0
      ? errorProblem('prepared-disabled', 'FLINKTS_POSTGRES_PREPARED_DISABLED', message, hint)
      : errorProblem('prepared-too-few', 'FLINKTS_POSTGRES_LIMIT_REACHED', message, hint),
  )
  return problems
}

function targetProblems(
  target: TargetTable,
  role: string,
  columns: readonly string[] | undefined,
): readonly Problem[] {
  const { table } = target
  if (target.kind !== 'table') {
    const message = `"${table}" is a ${target.kind}, not a table`
    const hint = 'Name the table that is to hold the rows.'
    return [errorProblem('table-unsupported', 'FLINKTS_POSTGRES_TABLE_UNSUPPORTED', message, hint)]
  }
  const problems = columns === undefined ? [] : [...columnProblems(target, columns)]
  const denied = 'FLINKTS_POSTGRES_PERMISSION_DENIED'
  if (!target.insertable) {
    const hint =
      `As its owner, run "GRANT INSERT ON ${quotedTable(table)} TO ${quoteIdentifier(role)}", ` +
      'and "GRANT USAGE ON SCHEMA" for its schema.'
    problems.push(
      errorProblem('insert-denied', denied, `no right to insert into table "${table}"`, hint),
    )
  }
  if (target.guarded) {
    const message = `table "${table}" has row security, which COPY refuses`
    const hint = `Run "ALTER ROLE ${quoteIdentifier(role)} BYPASSRLS" as a superuser.`
    problems.push(errorProblem('row-security', denied, message, hint))
  }
  if (!target.logged) problems.push(unloggedWarning(table))
  return problems
}

function columnProblems(target: TargetTable, names: readonly string[]): readonly Problem[] {
  const problems: Problem[] = []
  for (const name of names) {
    const problem = columnProblem(target, name)
    if (problem === undefined) continue
    problems.push(errorProblem('column-invalid', columnInvalid, problem.message, problem.hint))
  }
  const written = new Set(names)
  for (const { name, required } of target.columns.values()) {
    if (!required || written.has(name)) continue
    const message = `column "${name}" of table "${target.table}" may not be null and is not written`
    const hint = 'Add it to the option "columns", or give it a default.'
    problems.push(errorProblem('column-required', columnInvalid, message, hint))
  }
  return problems
}

const columnInvalid = 'FLINKTS_POSTGRES_COLUMN_INVALID'

function unloggedWarning(table: string): Problem {
  return {
    severity: 'warning',
    code: 'table-unlogged',
    errorCode: 'FLINKTS_POSTGRES_TABLE_UNSUPPORTED',
    message: `table "${table}" is unlogged: a crash of the server empties it`,
    hint: `Run "ALTER TABLE ${quotedTable(table)} SET LOGGED" to keep what is written.`,
  }
}
