import { FlinktsError, delay } from '@flinkts/core/connector'
import type { Logger, Scheduler } from '@flinkts/core/connector'
import type { PostgresClient, SqlRow } from '../client.ts'
import { sqlStateOf } from '../connection/errors.ts'
import { quoteLiteral } from '../records/relation.ts'
import { isOfEarlierAttempt, isOfOtherLineage, lineagePrefix } from './transaction-name.ts'
import type { WriterPlace } from './transaction-name.ts'

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
 * Rolls back what earlier attempts of this lineage prepared and no checkpoint holds. The engine has
 * committed by now whatever the restored one holds. Others' transactions are left alone.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_TRANSACTION_OPEN, and others as `PostgresClient.query`
 * @internal
 */
export async function removeOrphans(client: PostgresClient, cleanUp: CleanUp): Promise<void> {
  const { place, logger } = cleanUp
  // First the writers: one that died with its process may still be at its PREPARE on the server.
  await endConnections(client, cleanUp, (row) => isOfEarlierAttempt(row['name'] ?? '', place))
  const prepared = await preparedTransactions(client)
  const orphans = prepared.filter((name) => isOfEarlierAttempt(name, place))
  for (const name of orphans) await rollBack(client, name)
  if (orphans.length > 0) {
    logger.info('prepared transactions of earlier attempts were rolled back', {
      count: orphans.length,
    })
  }
  const strange = prepared.filter((name) => isOfOtherLineage(name, place))
  if (strange.length > 0) {
    logger.warn('prepared transactions of another run of this operator hold locks', {
      transactions: strange.join(', '),
      hint: `if that run is never continued: ROLLBACK PREPARED ${quoteLiteral(strange[0] ?? '')}`,
    })
  }
}

/**
 * Whether a transaction got prepared, whose answer was lost with the connection.
 *
 * @param processId - The server's process of the lost connection.
 * @internal
 */
export async function wasPrepared(
  client: PostgresClient,
  cleanUp: CleanUp,
  { name, processId }: { readonly name: string; readonly processId: number },
): Promise<boolean> {
  await endConnections(client, cleanUp, (row) => row['pid'] === String(processId))
  return (await preparedTransactions(client)).includes(name)
}

/** Those that this role may finish: its own, in this database. */
async function preparedTransactions(client: PostgresClient): Promise<readonly string[]> {
  const rows = await client.query(
    `SELECT gid FROM pg_prepared_xacts
     WHERE database = current_database() AND owner = current_user ORDER BY prepared`,
  )
  return rows.map((row) => row['gid'] ?? '')
}

/** Ends connections of this lineage's writers, and waits until they are no more. */
async function endConnections(
  client: PostgresClient,
  { place, scheduler }: CleanUp,
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
