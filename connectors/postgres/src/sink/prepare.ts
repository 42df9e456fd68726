import { FlinktsError } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import { sqlStateOf } from '../connection/errors.ts'
import { quoteLiteral } from '../records/relation.ts'

/**
 * Prepares the open transaction under a name. If the connection breaks, it may be prepared or not.
 *
 * @throws FlinktsError FLINKTS_POSTGRES_TRANSACTION_LOST, FLINKTS_POSTGRES_PREPARED_DISABLED,
 * FLINKTS_POSTGRES_PREPARED_EXHAUSTED and others as `PostgresClient.execute`
 * @internal
 */
export async function prepareTransaction(client: PostgresClient, name: string): Promise<void> {
  try {
    const tag = await client.execute(`PREPARE TRANSACTION ${quoteLiteral(name)}`)
    // In a failed transaction PREPARE is no error: it rolls back, and only its tag tells.
    if (tag !== 'PREPARE') throw transactionLost(`prepare "${name}"`)
  } catch (error) {
    throw explained(error)
  }
}

/** @throws FlinktsError FLINKTS_POSTGRES_TRANSACTION_LOST @internal */
export async function commitTransaction(client: PostgresClient): Promise<void> {
  const tag = await client.execute('COMMIT')
  if (tag !== 'COMMIT') throw transactionLost('commit')
}

function transactionLost(attempted: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_POSTGRES_TRANSACTION_LOST',
    `the server rolled back the transaction that the sink wanted to ${attempted}`,
    {
      hint:
        'A statement in it had failed, or a pooler has changed the connection. The rows come ' +
        'again after the restart of the job.',
    },
  )
}

/** @internal */
export function maxPreparedHint(wanted: number): string {
  return (
    `As a superuser, run "ALTER SYSTEM SET max_prepared_transactions = ${wanted}", then restart ` +
    'the server'
  )
}

const enoughPrepared = 64

function explained(error: unknown): unknown {
  const state = sqlStateOf(error)
  if (state === '55000') {
    const message = 'the server has no prepared transactions: max_prepared_transactions is 0'
    const hint = `${maxPreparedHint(enoughPrepared)}; or use the mode "staged".`
    return new FlinktsError('FLINKTS_POSTGRES_PREPARED_DISABLED', message, { hint, cause: error })
  }
  if (state !== '53200') return error
  const message = 'all prepared transactions of the server are in use (max_prepared_transactions)'
  const hint =
    '"select * from pg_prepared_xacts" shows them; ROLLBACK PREPARED ends one that nobody needs. ' +
    `${maxPreparedHint(enoughPrepared)}, if they are too few.`
  return new FlinktsError('FLINKTS_POSTGRES_PREPARED_EXHAUSTED', message, { hint, cause: error })
}
