import type { PostgresClient } from '../client.ts'
import { assert, FlinktsError } from '@flinkts/core/connector'
import type { PostgresCommittable } from './committable.ts'
import type { EpochProgress, WriteBatch } from './epoch-writer.ts'
import { insertLedgerRow } from './ledger.ts'
import { type CleanUp, wasPrepared, wasStaged } from './orphans.ts'
import { commitTransaction, prepareTransaction } from './prepare.ts'
import { writeBatch } from './batch-statements.ts'
import type { TargetTables } from './target-tables.ts'
import { stageBatch } from './staging.ts'
import { transactionName, writerName } from './transaction-name.ts'
import type { WriterSession } from './writer-session.ts'

/** What a writer needs to hold rows back. @internal */
export interface HoldingParts {
  readonly ledger: string
  readonly staging: string
  readonly cleanUp: CleanUp
  readonly targets: TargetTables
}

/** How rows are held back until their checkpoint is complete. @internal */
export interface Holding {
  /** Writes a batch into the open transaction. */
  readonly writeBatch: WriteBatch
  /** Ends the open transaction, so that its rows outlive a crash and nobody sees them. */
  hold(
    session: WriterSession,
    progress: EpochProgress,
    checkpointId: number,
  ): Promise<PostgresCommittable>
}

/** Rows are in the tables, in a prepared transaction with its row of the ledger. @internal */
export function preparedHolding({ ledger, cleanUp, targets }: HoldingParts): Holding {
  const { attempt: _attempt, ...key } = cleanUp.place
  return {
    writeBatch: (client, batch) => writeBatch(client, batch, targets),
    async hold(session, { rows }, checkpointId) {
      const transaction = transactionName(cleanUp.place, checkpointId)
      const committable = { held: 'prepared', transaction, ...key, checkpointId, rows } as const
      const noted = await insertLedgerRow(session.client, ledger, committable)
      assert(noted, 'the ids of checkpoints only grow')
      await endTransaction(session, {
        end: (client) => prepareTransaction(client, transaction),
        ended: (client, processId) =>
          wasPrepared(client, cleanUp, { name: transaction, processId }),
      })
      return committable
    },
  }
}

/** Rows are in the staging table. @internal */
export function stagedHolding({ staging, cleanUp }: HoldingParts): Holding {
  const { attempt: _attempt, ...key } = cleanUp.place
  const nameOf = (epoch: number): string => `${writerName(cleanUp.place)}_${epoch}`
  return {
    writeBatch: (client, batch, { epoch, batches }) =>
      stageBatch(client, staging, { transaction: nameOf(epoch), place: batches, batch }),
    async hold(session, { epoch, rows }, checkpointId) {
      const transaction = nameOf(epoch)
      await endTransaction(session, {
        end: commitTransaction,
        ended: (client, processId) =>
          wasStaged(client, cleanUp, { name: transaction, processId, staging }),
      })
      return { held: 'staged', transaction, ...key, checkpointId, rows }
    },
  }
}

/** The last statement of a transaction, and how to know afterwards whether it was done. */
interface TransactionEnd {
  readonly end: (client: PostgresClient) => Promise<void>
  readonly ended: (client: PostgresClient, processId: number) => Promise<boolean>
}

async function endTransaction(
  session: WriterSession,
  { end, ended }: TransactionEnd,
): Promise<void> {
  const { processId } = session.client
  try {
    await end(session.client)
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    // The server may have done it, and only its answer was lost.
    const client = await session.reconnect()
    if (!(await ended(client, processId))) throw error
  }
}

function isConnectionLost(error: unknown): boolean {
  return error instanceof FlinktsError && error.code === 'FLINKTS_POSTGRES_CONNECTION_FAILED'
}
