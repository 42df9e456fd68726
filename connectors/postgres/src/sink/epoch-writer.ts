import type { PostgresClient } from '../client.ts'
import type { ResolvedPostgresSinkOptions } from './options.ts'
import type { RowBatch } from './row-batch.ts'
import type { RowChange } from './row-change.ts'
import { PendingRows } from './pending-rows.ts'
import type { TargetTables } from './target-tables.ts'
import type { WriterSession } from './writer-session.ts'

/** Characters of rows that wait until they are sent. */
const batchCharacters = 1_048_576

/** How far a transaction is. @internal */
export interface EpochProgress {
  /** Counts the transactions of the writer, from 1. */
  readonly epoch: number
  /** Batches that were written. */
  readonly batches: number
  /** Rows in them. */
  readonly rows: number
}

/** The rows between two cuts: those of one transaction. */
class Epoch implements EpochProgress {
  readonly epoch: number
  readonly waiting: PendingRows
  batches = 0
  rows = 0

  constructor(epoch: number, waiting: PendingRows) {
    this.epoch = epoch
    this.waiting = waiting
  }
}

/**
 * Writes a batch into the open transaction; `progress` is that before it. @internal
 */
export type WriteBatch = (
  client: PostgresClient,
  batch: RowBatch,
  progress: EpochProgress,
) => Promise<void>

/** @internal */
export interface EpochWriterParts<In extends object> {
  readonly session: WriterSession
  readonly targets: TargetTables
  readonly options: ResolvedPostgresSinkOptions<In>
  readonly writeBatch: WriteBatch
  /** 1 Mi unless said. */
  readonly batchCharacters?: number | undefined
}

/**
 * Sends rows in batches into a transaction that each cut ends. What follows a cut is held back
 * until the transaction before it has ended: of rows that are under way there are at most three
 * batches.
 *
 * @internal
 */
export class EpochWriter<In extends object> {
  readonly #parts: EpochWriterParts<In>
  readonly #batchCharacters: number
  #epochs = 0
  #epoch: Epoch
  /** What is done on the connection, one after the other; nothing follows a failure. */
  #tail: Promise<void> = Promise.resolve()
  #underWay = 0

  constructor(parts: EpochWriterParts<In>) {
    this.#parts = parts
    this.#batchCharacters = parts.batchCharacters ?? batchCharacters
    this.#epoch = this.#newEpoch()
  }

  /** The record belongs to the transaction that the next cut ends, also while the promise waits. */
  write(record: In): void | Promise<void> {
    const { options } = this.#parts
    const table = options.tableOf(record)
    if (options.changesOf === undefined) {
      return this.#change(table, options.operation, options.rowOf(record))
    }
    const waits: Promise<void>[] = []
    for (const change of options.changesOf(record)) {
      const row = change.operation === 'delete' ? change.key : change.row
      const wait = this.#change(change.table ?? table, change.operation, row)
      if (wait !== undefined) waits.push(wait)
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
  }

  /**
   * Ends the transaction by `finish`, after all rows that were written before the call. Without
   * rows there is none, and the result is undefined.
   */
  cut<T>(
    finish: (session: WriterSession, progress: EpochProgress) => Promise<T>,
  ): Promise<T | undefined> {
    const epoch = this.#epoch
    this.#epoch = this.#newEpoch()
    return this.#enqueue(async () => {
      await this.#send(epoch, epoch.waiting.take())
      return epoch.rows === 0 ? undefined : finish(this.#parts.session, epoch)
    })
  }

  close(): Promise<void> {
    return this.#parts.session.close()
  }

  #change(table: string, operation: RowChange['operation'], row: object): void | Promise<void> {
    const target = this.#parts.targets.find(table)
    if (target === undefined) return this.#changeNew(table, operation, row)
    this.#epoch.waiting.add(target, operation, row)
    return this.#epoch.waiting.characters < this.#batchCharacters ? undefined : this.#drain()
  }

  #changeNew(table: string, operation: RowChange['operation'], row: object): Promise<void> {
    const { session, targets } = this.#parts
    const epoch = this.#epoch
    return this.#enqueue(async () => {
      const target = await targets.describe(session.client, table)
      epoch.waiting.add(target, operation, row)
    })
  }

  /** Resolves when there is room for another batch. */
  #drain(): void | Promise<void> {
    const epoch = this.#epoch
    const batches = epoch.waiting.take()
    const before = this.#underWay > 0 ? this.#tail : undefined
    this.#enqueue(() => this.#send(epoch, batches)).catch(() => {
      // Whatever follows is rejected with it.
    })
    return before
  }

  async #send(epoch: Epoch, batches: readonly RowBatch[]): Promise<void> {
    const { session, writeBatch } = this.#parts
    const { client } = session
    for (const batch of batches) {
      if (epoch.batches === 0) await client.execute('BEGIN')
      await writeBatch(client, batch, epoch)
      epoch.batches += 1
      epoch.rows += batch.rows
    }
  }

  #enqueue<T>(step: () => Promise<T>): Promise<T> {
    this.#underWay += 1
    const result = this.#tail.then(step).finally(() => {
      this.#underWay -= 1
    })
    this.#tail = result.then(() => undefined)
    this.#tail.catch(() => {
      // It is told to everyone who waits for this step, or for a later one.
    })
    return result
  }

  #newEpoch(): Epoch {
    this.#epochs += 1
    return new Epoch(this.#epochs, new PendingRows(this.#parts.options.key))
  }
}
