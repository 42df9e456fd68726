import { qualified } from '../options.ts'
import type { ResolvedPostgresSinkOptions } from './options.ts'
import type { RowBatch } from './row-batches.ts'
import { RowBatches } from './row-batches.ts'
import { describeTarget } from './target-table.ts'
import type { TargetCatalog, TargetTable } from './target-table.ts'
import type { WriterSession } from './writer-session.ts'

/** Characters of rows that wait until they are sent. */
const batchCharacters = 1_048_576

/** The rows between two cuts: those of one transaction. */
class Epoch<In extends object> {
  readonly waiting: RowBatches<In>
  /** Whether its transaction was begun. */
  begun = false
  /** That were sent. */
  rows = 0

  constructor(waiting: RowBatches<In>) {
    this.waiting = waiting
  }
}

/** @internal */
export interface EpochWriterParts<In extends object> {
  readonly session: WriterSession
  readonly catalog: Omit<TargetCatalog, 'client'>
  readonly options: ResolvedPostgresSinkOptions<In>
  /** 1 Mi unless said. */
  readonly batchCharacters?: number | undefined
}

/**
 * Sends rows by COPY into a transaction that each cut ends. What follows a cut is held back until
 * the transaction before it has ended: of rows that are under way there are at most three batches.
 *
 * @internal
 */
export class EpochWriter<In extends object> {
  readonly #parts: EpochWriterParts<In>
  readonly #batchCharacters: number
  readonly #targets = new Map<string, TargetTable>()
  #epoch: Epoch<In>
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
    const table = this.#parts.options.tableOf(record)
    const target = this.#targets.get(table)
    if (target === undefined) return this.#writeToNew(table, record)
    this.#epoch.waiting.add(target, record)
    return this.#epoch.waiting.characters < this.#batchCharacters ? undefined : this.#drain()
  }

  /**
   * Ends the transaction by `finish`, after all rows that were written before the call. Without
   * rows there is none, and the result is undefined.
   */
  cut<T>(finish: (session: WriterSession, rows: number) => Promise<T>): Promise<T | undefined> {
    const epoch = this.#epoch
    this.#epoch = this.#newEpoch()
    return this.#enqueue(async () => {
      await this.#send(epoch, epoch.waiting.take())
      return epoch.rows === 0 ? undefined : finish(this.#parts.session, epoch.rows)
    })
  }

  close(): Promise<void> {
    return this.#parts.session.close()
  }

  #writeToNew(table: string, record: In): Promise<void> {
    const { session, catalog } = this.#parts
    const epoch = this.#epoch
    return this.#enqueue(async () => {
      const name = qualified(table)
      const target = await describeTarget({ ...catalog, client: session.client }, name)
      this.#targets.set(table, target)
      epoch.waiting.add(target, record)
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

  async #send(epoch: Epoch<In>, batches: readonly RowBatch[]): Promise<void> {
    const { client } = this.#parts.session
    for (const { table, statement, text, rows } of batches) {
      if (!epoch.begun) await client.execute('BEGIN')
      epoch.begun = true
      await client.copyIn(statement, Buffer.from(text), `writing to the table "${table}"`)
      epoch.rows += rows
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

  #newEpoch(): Epoch<In> {
    return new Epoch(new RowBatches<In>(this.#parts.options.columns))
  }
}
