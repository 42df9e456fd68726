import { FlinktsError } from '@flinkts/core/connector'
import type { SinkWriter } from '@flinkts/core/connector'
import type { PostgresCommittable } from './committable.ts'
import type { EpochWriter } from './epoch-writer.ts'
import { insertLedgerRow } from './ledger.ts'
import type { CleanUp } from './orphans.ts'
import { wasPrepared } from './orphans.ts'
import { commitTransaction, prepareTransaction } from './prepare.ts'
import { transactionName } from './transaction-name.ts'
import type { WriterSession } from './writer-session.ts'

/** Commits when it is told to flush. @internal */
export class AppendWriter<In extends object> implements SinkWriter<In> {
  readonly #rows: EpochWriter<In>

  constructor(rows: EpochWriter<In>) {
    this.#rows = rows
  }

  write(record: In): void | Promise<void> {
    return this.#rows.write(record)
  }

  async flush(): Promise<void> {
    await this.#rows.cut((session) => commitTransaction(session.client))
  }

  close(): Promise<void> {
    return this.#rows.close()
  }
}

/** @internal */
export interface TwoPhaseWriterParts {
  readonly ledger: string
  readonly cleanUp: CleanUp
}

/** Prepares a transaction at each barrier, with a row of the ledger in it. @internal */
export class TwoPhaseWriter<In extends object> implements SinkWriter<In, PostgresCommittable> {
  readonly #rows: EpochWriter<In>
  readonly #parts: TwoPhaseWriterParts

  constructor(rows: EpochWriter<In>, parts: TwoPhaseWriterParts) {
    this.#rows = rows
    this.#parts = parts
  }

  write(record: In): void | Promise<void> {
    return this.#rows.write(record)
  }

  /** Rows become durable by `prepareCommit`, which is called in the same step. */
  async flush(): Promise<void> {}

  async prepareCommit(checkpointId: number): Promise<readonly PostgresCommittable[]> {
    const { place } = this.#parts.cleanUp
    const { jobId, operatorId, subtask } = place
    const transaction = transactionName(place, checkpointId)
    const prepared = await this.#rows.cut(async (session, rows) => {
      const committable = { transaction, jobId, operatorId, subtask, checkpointId, rows }
      await insertLedgerRow(session.client, this.#parts.ledger, committable)
      await this.#prepare(session, transaction)
      return committable
    })
    return prepared === undefined ? [] : [prepared]
  }

  close(): Promise<void> {
    return this.#rows.close()
  }

  async #prepare(session: WriterSession, name: string): Promise<void> {
    const { processId } = session.client
    try {
      await prepareTransaction(session.client, name)
    } catch (error) {
      if (!isConnectionLost(error)) throw error
      // The server may have done it, and only its answer was lost.
      const client = await session.reconnect()
      if (!(await wasPrepared(client, this.#parts.cleanUp, { name, processId }))) throw error
    }
  }
}

function isConnectionLost(error: unknown): boolean {
  return error instanceof FlinktsError && error.code === 'FLINKTS_POSTGRES_CONNECTION_FAILED'
}
