import { FlinktsError } from '@flinkts/core/connector'
import type { CommitOutcome, Committer } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import { sqlStateOf } from '../connection/errors.ts'
import { quoteLiteral } from '../records/relation.ts'
import type { PostgresCommittable } from './committable.ts'
import { isInLedger } from './ledger.ts'

const noSuchTransaction = '42704'
/** Another session is about to finish the same transaction. */
const transactionBusy = '55000'

/** @internal */
export interface PostgresCommitterParts {
  readonly ledger: string
  connect(): Promise<PostgresClient>
}

/**
 * Commits prepared transactions, on a connection of its own: the writer's may wait for a lock that
 * only this commit lets go.
 *
 * @internal
 */
export class PostgresCommitter implements Committer<PostgresCommittable> {
  readonly #parts: PostgresCommitterParts
  #client: PostgresClient | undefined

  constructor(parts: PostgresCommitterParts) {
    this.#parts = parts
  }

  async commit(committable: PostgresCommittable): Promise<CommitOutcome> {
    try {
      this.#client ??= await this.#parts.connect()
      return await this.#commitOn(this.#client, committable)
    } catch (cause) {
      const retried = sqlStateOf(cause) === transactionBusy
      if (!retried && !(cause instanceof FlinktsError && cause.retryable)) throw cause
      await this.close()
      return { status: 'retry', cause }
    }
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.close()
  }

  async #commitOn(
    client: PostgresClient,
    committable: PostgresCommittable,
  ): Promise<CommitOutcome> {
    try {
      await client.execute(`COMMIT PREPARED ${quoteLiteral(committable.transaction)}`)
      return { status: 'committed' }
    } catch (error) {
      if (sqlStateOf(error) !== noSuchTransaction) throw error
      // Either it was committed earlier, or it is lost: its own row of the ledger knows.
      if (await isInLedger(client, this.#parts.ledger, committable)) {
        return { status: 'already-committed' }
      }
      throw rejected(committable, error)
    }
  }
}

function rejected(
  { transaction, checkpointId, rows }: PostgresCommittable,
  cause: unknown,
): FlinktsError {
  const message =
    `the prepared transaction "${transaction}" of checkpoint ${checkpointId} is gone, and was ` +
    `not committed: ${rows} rows are missing`
  return new FlinktsError('FLINKTS_COMMIT_REJECTED', message, {
    hint:
      'It was rolled back by hand, lost in a failover, or belongs to another database. Restore ' +
      'an earlier checkpoint or start afresh; nothing was written beyond this one.',
    cause,
  })
}
