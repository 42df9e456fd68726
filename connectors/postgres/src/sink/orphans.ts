import { FlinktsError, delay } from '@flinkts/core/connector'
import type { Finding, Logger, Scheduler } from '@flinkts/core/connector'
import type { PostgresClient, SqlRow } from '../client.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import { sqlStateOf } from '../connection/errors.ts'
import { quoteLiteral } from '../records/relation.ts'
import { accessTo } from './own-table.ts'
import { removeStaged, stagedTransactions, stagingTable } from './staging.ts'
import { isOfEarlierAttempt, isOfOtherLineage, lineagePrefix } from './transaction-name.ts'
import type { Lineage, WriterPlace } from './transaction-name.ts'

/** What it takes to clean up. @internal */
export interface CleanUp {
  readonly place: WriterPlace
  readonly scheduler: Scheduler
  readonly logger: Logger
}

const noSuchTransaction = '42704'
const pollMs = 20
const pollsMax = 500

/**
 * Removes what earlier attempts of this lineage prepared or staged and no checkpoint holds. The
 * engine has committed by now whatever the restored one holds. Others' is left alone.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_TRANSACTION_OPEN, and others as `PostgresClient.query`
 * @internal
 */
export async function removeOrphans(
  client: PostgresClient,
  cleanUp: CleanUp,
  staging: string,
): Promise<void> {
  // First the writers: one that died with its process may still be at its PREPARE on the server.
  await endEarlierAttempts(client, cleanUp)
  await removeLeft(cleanUp, {
    what: 'prepared transactions',
    names: await preparedTransactions(client),
    remove: (name) => rollBack(client, name),
    removal: (name) => `ROLLBACK PREPARED ${quoteLiteral(name)}`,
  })
  // Left by a run with another mode, it may belong to others by now.
  const { found, allowed } = await accessTo(client, stagingTable(staging))
  if (!found || !allowed) return
  await removeLeft(cleanUp, {
    what: 'staged rows',
    names: await stagedTransactions(client, staging),
    remove: (name) => removeStaged(client, staging, name),
    removal: (name) =>
      `DELETE FROM ${quotedTable(staging)} WHERE transaction = ${quoteLiteral(name)}`,
  })
}

interface Left {
  readonly what: string
  readonly names: readonly string[]
  remove(name: string): Promise<void>
  /** The statement that does it. */
  removal(name: string): string
}

async function removeLeft({ place, logger }: CleanUp, left: Left): Promise<void> {
  const orphans = left.names.filter((name) => isOfEarlierAttempt(name, place))
  for (const name of orphans) await left.remove(name)
  if (orphans.length > 0) {
    logger.info(`${left.what} of earlier attempts were removed`, { count: orphans.length })
  }
  const strange = left.names.filter((name) => isOfOtherLineage(name, place))
  if (strange.length === 0) return
  logger.warn(`${left.what} of another run of this operator are left`, {
    transactions: strange.join(', '),
    hint: `if that run is never continued: ${left.removal(strange[0] ?? '')}`,
  })
}

/**
 * What this attempt and earlier ones have left prepared, and what to do about it. (What is staged
 * holds no locks.)
 *
 * @throws FlinktsError as `PostgresClient.query`
 * @internal
 */
export async function leftBehind(
  client: PostgresClient,
  place: EndParts['place'],
): Promise<readonly Finding[]> {
  const next = { ...place, attempt: place.attempt + 1 }
  const prepared = (await preparedTransactions(client)).filter((name) =>
    isOfEarlierAttempt(name, next),
  )
  if (prepared.length === 0) return []
  const names = prepared.map((name) => quoteLiteral(name))
  return [
    {
      severity: 'warning',
      code: 'prepared-left',
      message:
        `sink "${place.operatorId}" leaves prepared transactions, which hold locks: ` +
        names.join(', '),
      hint:
        'When the job runs again, it commits or removes them. If it never will: ' +
        names.map((name) => `ROLLBACK PREPARED ${name};`).join(' '),
    },
  ]
}

/** @internal */
export interface LostAnswer {
  readonly name: string
  /** The server's process of the lost connection. */
  readonly processId: number
}

/** Whether a transaction got prepared, whose answer was lost with the connection. @internal */
export async function wasPrepared(
  client: PostgresClient,
  cleanUp: CleanUp,
  { name, processId }: LostAnswer,
): Promise<boolean> {
  await endConnections(client, cleanUp, (row) => row['pid'] === String(processId))
  return (await preparedTransactions(client)).includes(name)
}

/** Whether rows got staged. @internal */
export async function wasStaged(
  client: PostgresClient,
  cleanUp: CleanUp,
  { name, processId, staging }: LostAnswer & { readonly staging: string },
): Promise<boolean> {
  await endConnections(client, cleanUp, (row) => row['pid'] === String(processId))
  return (await stagedTransactions(client, staging)).includes(name)
}

/**
 * Ends connections of earlier attempts: those of a process that was frozen, or is cut off, may hold
 * locks for ever.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_TRANSACTION_OPEN, and others as `PostgresClient.query`
 * @internal
 */
export function endEarlierAttempts(client: PostgresClient, parts: EndParts): Promise<void> {
  return endConnections(client, parts, (row) => isOfEarlierAttempt(row['name'] ?? '', parts.place))
}

/** What it takes to end connections. @internal */
export interface EndParts {
  readonly place: Lineage & { readonly attempt: number }
  readonly scheduler: Scheduler
}

/** Those that this role may finish: its own, in this database. */
async function preparedTransactions(client: PostgresClient): Promise<readonly string[]> {
  const rows = await client.query(
    `SELECT gid FROM pg_prepared_xacts
     WHERE database = current_database() AND owner = current_user ORDER BY prepared`,
  )
  return rows.map((row) => row['gid'] ?? '')
}

/** Ends connections of this lineage, and waits until they are no more. */
async function endConnections(
  client: PostgresClient,
  { place, scheduler }: EndParts,
  chosen: (row: SqlRow) => boolean,
): Promise<void> {
  for (let polls = 0; polls < pollsMax; polls += 1) {
    const rows = await client.query(
      `SELECT pid, application_name AS name FROM pg_stat_activity
       WHERE datname = current_database() AND usename = session_user
         AND pid <> pg_backend_pid() AND starts_with(application_name, $1)`,
      [lineagePrefix(place)],
    )
    const found = rows.filter(chosen)
    if (found.length === 0) return
    for (const row of found)
      await client.query('SELECT pg_terminate_backend($1)', [row['pid'] ?? ''])
    await delay(scheduler, pollMs)
  }
  throw new FlinktsError(
    'FLINKTS_POSTGRES_TRANSACTION_OPEN',
    `connections of an earlier attempt of sink "${place.operatorId}" do not end`,
    {
      hint:
        'The server was asked to end them. "select * from pg_stat_activity where ' +
        `starts_with(application_name, ${quoteLiteral(lineagePrefix(place))})" shows them.`,
    },
  )
}

async function rollBack(client: PostgresClient, name: string): Promise<void> {
  try {
    await client.execute(`ROLLBACK PREPARED ${quoteLiteral(name)}`)
  } catch (error) {
    if (sqlStateOf(error) !== noSuchTransaction) throw error
  }
}
