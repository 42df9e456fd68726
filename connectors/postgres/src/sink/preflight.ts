import { unreachable } from '@flinkts/core/connector'
import type { PostgresClient, SqlRow } from '../client.ts'
import { errorProblem, type Problem } from '../catalog/problem.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import { existingTables, missingProblem } from '../catalog/table-problems.ts'
import { versionProblem } from '../preflight.ts'
import { quoteIdentifier } from '../records/relation.ts'
import type { TypeCatalog } from '../values/type-catalog.ts'
import type { PostgresCommittable } from './committable.ts'
import { ledgerTable } from './ledger.ts'
import type { ResolvedPostgresSinkOptions } from './options.ts'
import { ownTableProblems } from './own-table.ts'
import { maxPreparedHint } from './prepare.ts'
import { stagingTable } from './staging.ts'
import { columnProblem, findTarget } from './target-table.ts'
import type { TableRight, TargetTable } from './target-table.ts'
import { targetKeyProblem } from './target-key.ts'

/** What the sink will use. @internal */
export interface SinkDemands {
  readonly options: Pick<
    ResolvedPostgresSinkOptions<never>,
    'mode' | 'tables' | 'columns' | 'key' | 'json' | 'ledger' | 'staging' | 'changesOf'
  >
  readonly parallelism: number
  readonly types: TypeCatalog
}

/** What a look at the server told. @internal */
export interface Examination {
  readonly problems: readonly Problem[]
  /** How rows are to be held back; undefined: they are not. */
  readonly held: PostgresCommittable['held'] | undefined
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
): Promise<Examination> {
  const outdated = versionProblem(client.serverVersion)
  if (outdated !== undefined) return { problems: [outdated], held: undefined }
  const [server = {}] = await client.query(serverQuery)
  const held = heldBy(server, demands)
  const problems = [...serverProblems(server, demands)]
  const { json, tables, ledger, staging } = demands.options
  const catalog = { client, types: demands.types, json }
  for (const table of new Set(tables)) {
    const target = await findTarget(catalog, table)
    if (target === undefined)
      problems.push(missingProblem(table, await existingTables(client), 'table'))
    else problems.push(...targetProblems(target, server['role'] ?? '', demands.options))
  }
  if (held !== undefined) problems.push(...(await ownTableProblems(client, ledgerTable(ledger))))
  if (held === 'staged') {
    problems.push(...(await ownTableProblems(client, stagingTable(staging))))
  }
  return { problems, held }
}

const serverQuery = `
SELECT current_setting('max_prepared_transactions')::int4 AS prepared_max,
  pg_is_in_recovery() AS standby, current_user AS role`

/** While one is committed, the next one is prepared. */
const preparedPerSubtask = 2

/** Prepared transactions that the server allows, and that the sink needs. */
function preparedOf(
  row: SqlRow,
  { parallelism }: SinkDemands,
): {
  readonly allowed: number
  readonly wanted: number
} {
  return { allowed: Number(row['prepared_max']), wanted: parallelism * preparedPerSubtask }
}

function heldBy(row: SqlRow, demands: SinkDemands): Examination['held'] {
  const { allowed, wanted } = preparedOf(row, demands)
  switch (demands.options.mode) {
    case 'upsert':
    case 'append':
      return undefined
    case 'twoPhase':
      return 'prepared'
    case 'staged':
      return 'staged'
    case 'auto':
      return allowed >= wanted ? 'prepared' : 'staged'
    default:
      return unreachable(demands.options.mode)
  }
}

function serverProblems(row: SqlRow, demands: SinkDemands): readonly Problem[] {
  const problems = [preparedProblem(row, demands)].filter((problem) => problem !== undefined)
  if (row['standby'] !== 't') return problems
  const errorCode = 'FLINKTS_POSTGRES_SERVER_UNSUPPORTED'
  const message = 'the server is a read-only standby'
  const hint = 'Connect to the primary server.'
  return [errorProblem('standby', errorCode, message, hint), ...problems]
}

function preparedProblem(row: SqlRow, demands: SinkDemands): Problem | undefined {
  const { allowed, wanted } = preparedOf(row, demands)
  const { mode } = demands.options
  if (allowed >= wanted || (mode !== 'twoPhase' && mode !== 'auto')) return undefined
  const few =
    `max_prepared_transactions of the server is ${allowed}; ${wanted} are needed: ` +
    `${preparedPerSubtask} for each subtask of the sink`
  const raise =
    `${maxPreparedHint(wanted)} (more, if other sinks or applications use prepared transactions, ` +
    'too)'
  if (mode === 'auto') {
    return {
      severity: 'warning',
      code: 'rows-staged',
      errorCode: 'FLINKTS_POSTGRES_PREPARED_DISABLED',
      message: `rows will be staged: ${few}`,
      hint: `The mode "staged" says that this is meant. To write rows once only: ${raise}.`,
    }
  }
  const hint = `${raise}; or use the mode "staged".`
  return allowed === 0
    ? errorProblem('prepared-disabled', 'FLINKTS_POSTGRES_PREPARED_DISABLED', few, hint)
    : errorProblem('prepared-too-few', 'FLINKTS_POSTGRES_LIMIT_REACHED', few, hint)
}

function targetProblems(
  target: TargetTable,
  role: string,
  options: SinkDemands['options'],
): readonly Problem[] {
  const { table } = target
  if (target.kind !== 'table') {
    const message = `"${table}" is a ${target.kind}, not a table`
    const hint = 'Name the table that is to hold the rows.'
    return [errorProblem('table-unsupported', 'FLINKTS_POSTGRES_TABLE_UNSUPPORTED', message, hint)]
  }
  const { columns, key } = options
  const problems = columns === undefined ? [] : [...columnProblems(target, columns)]
  if (writesByKey(options)) {
    const problem = targetKeyProblem(target, key)
    if (problem !== undefined) problems.push(problem)
  }
  problems.push(...rightsProblems(target, role, options))
  if (target.guarded) {
    const message = `table "${table}" has row security, which COPY refuses`
    const hint = `Run "ALTER ROLE ${quoteIdentifier(role)} BYPASSRLS" as a superuser.`
    problems.push(errorProblem('row-security', denied, message, hint))
  }
  if (!target.logged) problems.push(unloggedWarning(table))
  return problems
}

const denied = 'FLINKTS_POSTGRES_PERMISSION_DENIED'

/** Whether it is known before the first record. */
function writesByKey({ mode, key }: SinkDemands['options']): boolean {
  return mode === 'upsert' || key !== undefined
}

function rightsProblems(
  target: TargetTable,
  role: string,
  options: SinkDemands['options'],
): readonly Problem[] {
  const { table, rights } = target
  const needed = writesByKey(options) ? rightsByKey : (['INSERT'] as const)
  const lacking = needed.filter((right) => !rights.has(right))
  const grant = (missing: readonly TableRight[]): string =>
    `As its owner, run "GRANT ${missing.join(', ')} ON ${quotedTable(table)} TO ` +
    `${quoteIdentifier(role)}", and "GRANT USAGE ON SCHEMA" for its schema.`
  const problems: Problem[] = []
  if (lacking.length > 0) {
    const message = `no right to ${lacking.join(', ')} on table "${table}"`
    problems.push(errorProblem('table-denied', denied, message, grant(lacking)))
  }
  if (!writesByKey(options) || options.changesOf === undefined || rights.has('DELETE')) {
    return problems
  }
  const message = `no right to DELETE on table "${table}", should "write" ask for it`
  const hint = grant(['DELETE'])
  const code = 'delete-denied'
  return [...problems, { severity: 'warning', code, errorCode: denied, message, hint }]
}

/** ON CONFLICT reads the key. */
const rightsByKey: readonly TableRight[] = ['INSERT', 'UPDATE', 'SELECT']

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
