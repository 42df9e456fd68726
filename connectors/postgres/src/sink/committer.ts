import { assert, FlinktsError } from '@flinkts/core/connector'
import type { CommitOutcome, Committer } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import { sqlStateOf } from '../connection/errors.ts'
import { quoteLiteral } from '../records/relation.ts'
import type { PostgresCommittable } from './committable.ts'
import { forgetLedgerRows, insertLedgerRow, isInLedger } from './ledger.ts'
import { commitTransaction } from './prepare.ts'
import { writeBatch } from './batch-statements.ts'
import { stagedTransactions, takeBatch } from './staging.ts'
import type { TargetTables } from './target-tables.ts'

/** Checkpoints. */
const forgottenAtOnce = 100

const noSuchTransaction = '42704'
/** Another session is about to finish the same transaction. */
const transactionBusy = '55000'

/** @internal */
export interface PostgresCommitterParts {
  readonly ledger: string
  readonly staging: string
  /** Makes a connection that is ready to write; whoever of earlier attempts was left is gone. */
  connect(): Promise<CommitConnection>
}

/** What a committer works with; made anew after every failure. @internal */
export interface CommitConnection {
  readonly client: PostgresClient
  readonly targets: TargetTables
}

/**
 * Commits what writers hold back, in either way, on a connection of its own: the writer's may wait
 * for a lock that only this commit lets go.
 *
 * @internal
 */
export class PostgresCommitter implements Committer<PostgresCommittable> {
  readonly #parts: PostgresCommitterParts
  #connection: CommitConnection | undefined
  #last: PostgresCommittable | undefined
  #forgottenBefore = 0

  constructor(parts: PostgresCommitterParts) {
    this.#parts = parts
  }

  async commit(committable: PostgresCommittable): Promise<CommitOutcome> {
    try {
      this.#connection ??= await this.#parts.connect()
      const outcome =
        committable.held === 'prepared'
          ? await this.#commitPrepared(this.#connection, committable)
          : await this.#commitStaged(this.#connection, committable)
      this.#last = committable
      return outcome
    } catch (cause) {
      // With it, a transaction that may be open ends.
      await this.close()
      const retried = sqlStateOf(cause) === transactionBusy
      if (!retried && !(cause instanceof FlinktsError && cause.retryable)) throw cause
      return { status: 'retry', cause }
    }
  }

  /** Not at once: the ledger keeps some rows more, and most checkpoints cost no statement. */
  async forget(beforeCheckpointId: number): Promise<void> {
    const due = beforeCheckpointId - this.#forgottenBefore >= forgottenAtOnce
    if (this.#last === undefined || !due) return
    this.#forgottenBefore = beforeCheckpointId
    const before = { ...this.#last, checkpointId: beforeCheckpointId }
    try {
      this.#connection ??= await this.#parts.connect()
      await forgetLedgerRows(this.#connection.client, this.#parts.ledger, before)
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    await connection?.client.close()
  }

  async #commitPrepared(
    { client }: CommitConnection,
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

  /** One transaction: the row of the ledger, the rows, and their end in the staging table. */
  async #commitStaged(
    connection: CommitConnection,
    committable: PostgresCommittable,
  ): Promise<CommitOutcome> {
    const { client } = connection
    const { ledger, staging } = this.#parts
    const { transaction } = committable
    await client.execute('BEGIN')
    if (!(await insertLedgerRow(client, ledger, committable))) {
      await client.execute('ROLLBACK')
      const left = await stagedTransactions(client, staging)
      assert(!left.includes(transaction), 'what is in the ledger is staged no more')
      return { status: 'already-committed' }
    }
    const rows = await this.#moveRows(connection, transaction)
    if (rows !== committable.rows) throw rejected(committable, undefined)
    await commitTransaction(client)
    return { status: 'committed' }
  }

  async #moveRows({ client, targets }: CommitConnection, transaction: string): Promise<number> {
    let rows = 0
    for (let place = 0; ; place += 1) {
      const batch = await takeBatch(client, this.#parts.staging, { transaction, place })
      if (batch === undefined) return rows
      await writeBatch(client, batch, targets)
      rows += batch.rows
    }
  }
}

function rejected(
  { held, transaction, checkpointId, rows }: PostgresCommittable,
  cause: unknown,
): FlinktsError {
  const what = held === 'prepared' ? 'prepared transaction' : 'staged transaction'
  const message =
    `the ${what} "${transaction}" of checkpoint ${checkpointId} is gone, and was ` +
    `not committed: ${rows} rows are missing`
  return new FlinktsError('FLINKTS_COMMIT_REJECTED', message, {
    hint:
      'It was removed by hand, lost in a failover, or belongs to another database. Restore ' +
      'an earlier checkpoint or start afresh; nothing was written beyond this one.',
    cause,
  })
}
