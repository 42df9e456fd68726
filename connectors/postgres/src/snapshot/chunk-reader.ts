import type { SplitOutput } from '@flinkts/core/connector'
import type { Change, ChangeSource, PgValue, Row } from '../records/change.ts'
import type { PostgresClient } from '../client.ts'
import { AvailabilityWatch } from '../runtime/availability-watch.ts'
import { Backoff } from '../runtime/backoff.ts'
import type { PollStatus } from '../protocol/replication-stream.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import type { SnapshotSplit } from '../split.ts'
import type { SplitWorker } from '../runtime/split-worker.ts'
import type { OpenChunk } from './chunk-query.ts'
import { openChunk } from './chunk-query.ts'
import type { ConnectionCache } from './connection-cache.ts'
import type { KeyText } from './key-order.ts'
import { keyOf, keyText } from './key-order.ts'
import type { SnapshotRange } from './key-range.ts'
import { mergeRanges } from './key-range.ts'
import { makeDurable } from './make-durable.ts'

/**
 * Reads a chunk in the order of its key. What one query read is a range with that query's snapshot;
 * after an interruption (a lost connection, a restored checkpoint) the rest is read by another
 * query, as a range with another snapshot: no row twice, none left out.
 *
 * @internal
 */
export class ChunkReader implements SplitWorker {
  readonly #context: SourceContext
  readonly #split: SnapshotSplit
  readonly #connections: ConnectionCache
  readonly #wake: () => void
  readonly #watch: AvailabilityWatch
  readonly #closing = new AbortController()
  readonly #backoff: Backoff
  readonly #source: ChangeSource
  readonly #keyNames: readonly string[]
  #client: PostgresClient | undefined
  #chunk: OpenChunk | undefined
  #failure: { readonly cause: unknown } | undefined
  /** What earlier queries read. */
  #ranges: readonly SnapshotRange[]
  /** The last row that was emitted from `#chunk`. */
  #lastRow: Row | undefined
  #finished = false
  /** Whether a record is being handed on: then what is thrown is not of this connection. */
  #emitting = false

  constructor(
    context: SourceContext,
    split: SnapshotSplit,
    connections: ConnectionCache,
    wake: () => void,
  ) {
    this.#context = context
    this.#split = split
    this.#connections = connections
    this.#wake = wake
    this.#watch = new AvailabilityWatch(wake)
    this.#backoff = new Backoff(context)
    this.#ranges = split.ranges
    this.#keyNames = split.key.map((column) => column.name)
    this.#source = Object.freeze({
      table: split.table,
      lsn: split.lsn,
      position: undefined,
      transactionId: undefined,
      commitTime: undefined,
    })
    this.#background(() => this.#open())
  }

  get splitId(): string {
    return this.#split.splitId
  }

  poll(output: SplitOutput<Change>): PollStatus {
    if (this.#failure !== undefined) throw this.#failure.cause
    if (this.#chunk === undefined) return 'nothing-available'
    const { rows } = this.#chunk
    try {
      const status = rows.poll((row) => this.#emit(row, output))
      if (status === 'ended') this.#finish(this.#chunk)
      else if (status === 'nothing-available') this.#watch.on(rows)
      return status
    } catch (cause) {
      if (this.#emitting) throw cause
      this.#background(() => this.#reopen(cause))
      return 'nothing-available'
    }
  }

  snapshot(): SnapshotSplit {
    const ranges = mergeRanges(this.#rangesUntilNow())
    return { ...this.#split, ranges, finished: this.#finished }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#client?.close()
  }

  #emit(row: Row, output: SplitOutput<Change>): boolean {
    this.#lastRow = row
    this.#emitting = true
    const more = output.collect({
      operation: 'snapshot',
      before: undefined,
      after: row,
      key: keyRow(this.#keyNames, row),
      unchanged: undefined,
      source: this.#source,
      schema: undefined,
    })
    this.#emitting = false
    return more
  }

  #rangesUntilNow(): readonly SnapshotRange[] {
    if (this.#chunk === undefined || this.#lastRow === undefined) return this.#ranges
    const end = keyText(keyOf(this.#split.key, this.#lastRow))
    return [...this.#ranges, { end, inclusive: true, snapshot: this.#chunk.snapshot }]
  }

  #finish(chunk: OpenChunk): void {
    const rest = { end: undefined, inclusive: false, snapshot: chunk.snapshot }
    this.#ranges = [...this.#ranges, rest]
    this.#chunk = undefined
    this.#finished = true
    const client = this.#client
    this.#client = undefined
    if (client !== undefined) this.#connections.giveBack(client)
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      try {
        this.#client = await this.#connections.take(signal)
        if (signal.aborted) return await this.#client.close()
        const chunk = await openChunk(this.#client, this.#context, this.#split, this.#lastKey())
        if (this.#context.options.mode !== 'snapshot-only') await this.#makeDurable(signal)
        if (signal.aborted) return
        this.#chunk = chunk
        this.#watch.on(chunk.rows)
        return
      } catch (failure) {
        await this.#client?.close()
        await this.#backoff.pause(`the read of chunk "${this.splitId}"`, failure, signal)
      }
    }
  }

  /** The connection of the chunk is busy with the COPY, and its transaction only reads. */
  async #makeDurable(signal: AbortSignal): Promise<void> {
    const client = await this.#connections.take(signal)
    try {
      await makeDurable(client)
    } catch (failure) {
      await client.close()
      throw failure
    }
    this.#connections.giveBack(client)
  }

  async #reopen(failure: unknown): Promise<void> {
    if (this.#lastRow !== undefined) this.#backoff.reset()
    this.#ranges = this.#rangesUntilNow()
    this.#chunk = undefined
    this.#lastRow = undefined
    await this.#client?.close()
    await this.#backoff.pause(`the read of chunk "${this.splitId}"`, failure, this.#closing.signal)
    await this.#open()
  }

  #lastKey(): KeyText | undefined {
    return this.#ranges.at(-1)?.end
  }

  #background(work: () => Promise<void>): void {
    work().catch((cause: unknown) => {
      this.#failure = { cause }
      this.#wake()
    })
  }
}

function keyRow(names: readonly string[], row: Row): Row {
  const key: Record<string, PgValue> = {}
  for (const name of names) key[name] = row[name] ?? null
  return key
}
