import { FlinktsError } from '@flinkts/core/connector'
import type { PostgresClient, SqlRow } from './client.ts'
import type { Problem } from './catalog/problem.ts'
import { publicationProblems, readPublication } from './catalog/publication.ts'
import { quoteIdentifier } from './records/relation.ts'
import { readSlot, slotProblems } from './catalog/slot.ts'
import type { TableDescription } from './catalog/table-catalog.ts'
import { describeTables } from './catalog/table-catalog.ts'
import { tableProblems } from './catalog/table-problems.ts'

/** What the source will use. @internal */
export interface PreflightTarget {
  /** `schema.name` */
  readonly tables: readonly string[]
  readonly slot: string
  readonly publication: string
  readonly managePublication: boolean
  /** Whether changes are read, not only a snapshot. */
  readonly streamed: boolean
}

/** What an examination found. @internal */
export interface Examination {
  readonly problems: readonly Problem[]
  /** Those of the tables that exist. */
  readonly tables: readonly TableDescription[]
}

/**
 * Looks, without changing anything, for all that would keep the source from working. The errors
 * that it finds are those with which a start would fail.
 *
 * @throws FlinktsError as `PostgresClient.query`
 * @internal
 */
export async function examine(
  client: PostgresClient,
  target: PreflightTarget,
): Promise<Examination> {
  const outdated = versionProblem(client.serverVersion)
  if (outdated !== undefined) return { problems: [outdated], tables: [] }
  const tables = await describeTables(client, target.tables)
  const publication = target.streamed
    ? await readPublication(client, target.publication)
    : undefined
  const demands = {
    tables: target.tables,
    streamed: target.streamed,
    owned: target.streamed && target.managePublication && publication === undefined,
  }
  const problems = [...(await tableProblems(client, tables, demands))]
  if (target.streamed) {
    const managed = target.managePublication
    problems.push(...(await serverProblems(client, target, managed && publication === undefined)))
    problems.push(...publicationProblems(publication, { ...target, managed }))
  }
  return { problems, tables }
}

const serverVersionMin = 130_000
const versionOfMajor = 10_000

/** @internal */
export function versionProblem(version: number): Problem | undefined {
  if (version >= serverVersionMin) return undefined
  return {
    severity: 'error',
    code: 'server-version',
    errorCode: 'FLINKTS_POSTGRES_SERVER_UNSUPPORTED',
    message: `the server is PostgreSQL ${Math.floor(version / versionOfMajor)}`,
    hint: 'Upgrade it to PostgreSQL 13 or newer.',
  }
}

/** A failure to connect, or to ask, as a finding. @internal */
export function problemOf(failure: unknown): Problem {
  if (!(failure instanceof FlinktsError)) throw failure
  return {
    severity: 'error',
    code: failure.code.replace('FLINKTS_POSTGRES_', '').toLowerCase().replaceAll('_', '-'),
    errorCode: failure.code,
    message: failure.message,
    hint: failure.hint ?? '',
  }
}

// Managed Postgres of Amazon gives the right to replicate by a role instead of the attribute.
const serverQuery = `
SELECT current_setting('wal_level') AS wal_level, pg_is_in_recovery() AS standby,
  current_database() AS database, current_user AS role,
  has_database_privilege(current_database(), 'CREATE') AS may_create,
  r.rolsuper OR r.rolreplication OR EXISTS (
    SELECT FROM pg_roles m WHERE m.rolname = 'rds_replication' AND pg_has_role(m.oid, 'MEMBER')
  ) AS may_replicate,
  current_setting('max_replication_slots')::int4 AS slots_max,
  (SELECT count(*) FROM pg_replication_slots) AS slots,
  current_setting('max_wal_senders')::int4 AS senders_max,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender') AS senders
FROM pg_roles r WHERE r.rolname = current_user`

async function serverProblems(
  client: PostgresClient,
  target: PreflightTarget,
  createsPublication: boolean,
): Promise<readonly Problem[]> {
  const [row = {}] = await client.query(serverQuery)
  const slot = await readSlot(client, target.slot)
  const problems = settingProblems(row)
  if (slot === undefined) problems.push(...slotLimitProblems(row))
  else problems.push(...slotProblems(slot, row['database'] ?? ''))
  if (slot?.activePid !== undefined) problems.push(slotActive(target.slot, slot.activePid))
  if (createsPublication && row['may_create'] !== 't') problems.push(publicationDenied(row))
  return problems
}

function settingProblems(row: SqlRow): Problem[] {
  const problems: Problem[] = []
  if (row['wal_level'] !== 'logical') {
    problems.push({
      severity: 'error',
      code: 'wal-level',
      errorCode: 'FLINKTS_POSTGRES_WAL_LEVEL',
      message: `wal_level of the server is "${row['wal_level']}"; "logical" is needed`,
      hint: 'As a superuser, run "ALTER SYSTEM SET wal_level = logical", then restart the server.',
    })
  }
  if (row['standby'] === 't') {
    problems.push({
      severity: 'error',
      code: 'standby',
      errorCode: 'FLINKTS_POSTGRES_WAL_LEVEL',
      message: 'the server is a standby: slots and publications are made on the primary',
      hint: 'Connect to the primary server.',
    })
  }
  if (row['may_replicate'] !== 't') {
    const role = quoteIdentifier(row['role'] ?? '')
    problems.push({
      severity: 'error',
      code: 'replication-denied',
      errorCode: 'FLINKTS_POSTGRES_PERMISSION_DENIED',
      message: `role ${role} has no right to replicate`,
      hint: `As a superuser, run "ALTER ROLE ${role} REPLICATION".`,
    })
  }
  return problems
}

function slotLimitProblems(row: SqlRow): readonly Problem[] {
  const problems: Problem[] = []
  if (Number(row['slots']) >= Number(row['slots_max'])) {
    const message = `all ${row['slots_max']} replication slots of the server are taken`
    problems.push(limitReached('slots-exhausted', message, 'max_replication_slots'))
  }
  if (Number(row['senders']) >= Number(row['senders_max'])) {
    const message = `all ${row['senders_max']} WAL senders of the server are taken`
    problems.push(limitReached('wal-senders-exhausted', message, 'max_wal_senders'))
  }
  return problems
}

function limitReached(code: string, message: string, setting: string): Problem {
  return {
    severity: 'error',
    code,
    errorCode: 'FLINKTS_POSTGRES_LIMIT_REACHED',
    message,
    hint:
      'Drop slots that nobody uses ("select * from pg_replication_slots where not active"), or ' +
      `raise ${setting} and restart the server.`,
  }
}

/**
 * Only a warning: the job itself may be running, or its former process be about to be noticed as
 * dead.
 */
function slotActive(slot: string, pid: number): Problem {
  return {
    severity: 'warning',
    code: 'slot-in-use',
    errorCode: 'FLINKTS_POSTGRES_SLOT_IN_USE',
    message: `slot "${slot}" is in use by the process ${pid} of the server`,
    hint: 'A start waits some seconds for it. Stop the job that reads it, or choose another slot.',
  }
}

function publicationDenied(row: SqlRow): Problem {
  const database = quoteIdentifier(row['database'] ?? '')
  const role = quoteIdentifier(row['role'] ?? '')
  return {
    severity: 'error',
    code: 'publication-denied',
    errorCode: 'FLINKTS_POSTGRES_PERMISSION_DENIED',
    message: `role ${role} has no right to create a publication in database ${database}`,
    hint:
      `Run "GRANT CREATE ON DATABASE ${database} TO ${role}", or create the publication and set ` +
      '"managePublication: false".',
  }
}
