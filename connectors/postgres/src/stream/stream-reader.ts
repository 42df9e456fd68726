import type { MetricGroup, SplitOutput } from '@flinkts/core/connector'
import { AvailabilityWatch } from '../runtime/availability-watch.ts'
import { Backoff } from '../runtime/backoff.ts'
import type { Change } from '../records/change.ts'
import type { Lsn } from '../records/lsn.ts'
import { formatLsn, noLsn, parseLsn } from '../records/lsn.ts'
import type { Relation } from '../records/relation.ts'
import type {
  PollStatus,
  ReplicationHandler,
  ReplicationStream,
  Transaction,
} from '../protocol/replication-stream.ts'
import { parseSnapshot } from '../snapshot/visibility.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import type { StreamSplit } from '../split.ts'
import type { SplitWorker } from '../runtime/split-worker.ts'
import { SnapshotFilter } from './snapshot-filter.ts'
import { openStream } from './stream-connection.ts'
import { StreamMonitor } from './stream-monitor.ts'
import { StreamPosition } from './stream-position.ts'
import { StreamTables } from './stream-tables.ts'

/**
 * Reads the changes of all tables from the slot. The position in its split is the truth: a lost
 * connection is made again there, and what had arrived but was not emitted comes again.
 *
 * @internal
 */
export class StreamReader implements SplitWorker, ReplicationHandler {
  readonly #context: SourceContext
  readonly #split: StreamSplit
  readonly #wake: () => void
  readonly #watch: AvailabilityWatch
  readonly #closing = new AbortController()
  readonly #backoff: Backoff
  readonly #position: StreamPosition
  readonly #tables: StreamTables
  readonly #monitor: StreamMonitor
  /** Undefined: the stream is past the snapshot. */
  #filter: SnapshotFilter | undefined
  #joinLsn: Lsn | undefined
  #transactionId = 0
  #commitMs = 0
  #stream: ReplicationStream | undefined
  #failure: { readonly cause: unknown } | undefined
  #output: SplitOutput<Change> | undefined
  /** Whether a record is being handed on: then what is thrown is not of this connection. */
  #emitting = false
  /** `endLsn` at each checkpoint that may still be acknowledged. */
  readonly #checkpoints = new Map<number, Lsn>()
  #acknowledgedLsn: Lsn = noLsn

  constructor(context: SourceContext, metrics: MetricGroup, split: StreamSplit, wake: () => void) {
    this.#context = context
    this.#split = split
    this.#wake = wake
    this.#watch = new AvailabilityWatch(wake)
    this.#backoff = new Backoff(context)
    this.#position = new StreamPosition(split)
    this.#tables = new StreamTables(context.types, split.tables)
    const filter = new SnapshotFilter(split.tables)
    this.#filter = filter.empty ? undefined : filter
    this.#joinLsn = split.joinLsn === undefined ? undefined : parseLsn(split.joinLsn)
    const unseenFrom = this.#joinLsn === undefined ? unseenFromOf(split) : undefined
    this.#monitor = new StreamMonitor(context, metrics, unseenFrom, (lsn) => {
      this.#joinLsn = lsn
    })
    this.#background(() => this.#open())
  }

  get splitId(): string {
    return this.#split.splitId
  }

  poll(output: SplitOutput<Change>): PollStatus {
    if (this.#failure !== undefined) throw this.#failure.cause
    const stream = this.#stream
    if (stream === undefined) return 'nothing-available'
    this.#output = output
    try {
      const status = stream.poll(this)
      if (status === 'nothing-available') this.#watch.on(stream)
      return status
    } catch (cause) {
      if (this.#emitting) throw cause
      this.#background(() => this.#reopen(stream, cause))
      return 'nothing-available'
    }
  }

  snapshot(checkpointId: number): StreamSplit {
    this.#checkpoints.set(checkpointId, this.#position.endLsn)
    return {
      ...this.#split,
      ...this.#position.snapshot(),
      joinLsn: this.#joinLsn === undefined ? undefined : formatLsn(this.#joinLsn),
      tables: this.#split.tables.map((table) => ({
        ...table,
        schema: this.#tables.schemaOf(table.table),
        ranges: this.#filter?.covers(table.table) === true ? table.ranges : [],
      })),
    }
  }

  /** The oldest checkpoint that a restore may go to: what it has emitted may leave the server. */
  acknowledge(oldestRetainedId: number): void {
    const lsn = this.#checkpoints.get(oldestRetainedId)
    for (const id of this.#checkpoints.keys()) {
      if (id < oldestRetainedId) this.#checkpoints.delete(id)
    }
    if (lsn === undefined || lsn <= this.#acknowledgedLsn) return
    this.#acknowledgedLsn = lsn
    this.#stream?.acknowledge(lsn)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([this.#monitor.close(), this.#stream?.close()])
  }

  begin(transaction: Transaction): void {
    this.#position.begin(transaction)
    this.#transactionId = transaction.transactionId
    this.#commitMs = Date.parse(transaction.commitTime)
    if (this.#joinLsn !== undefined && transaction.finalLsn >= this.#joinLsn) {
      this.#filter = undefined
    }
  }

  change(relation: Relation, change: Change): boolean {
    if (!this.#position.advance(change.source.position ?? 0)) return true
    if (!this.#tables.see(relation)) return true
    const left =
      this.#filter === undefined ? change : this.#filter.apply(change, this.#transactionId)
    if (left === undefined) return true
    const schema = this.#tables.takeSchemaChange(left.source)
    this.#emitting = true
    if (schema !== undefined) this.#output?.collect(schema, this.#commitMs)
    const more = this.#output?.collect(left, this.#commitMs) ?? false
    this.#emitting = false
    return more
  }

  commit(_transaction: Transaction, endLsn: Lsn): void {
    this.#position.commit(endLsn)
    this.#backoff.reset()
  }

  progress(lsn: Lsn): void {
    this.#position.progress(lsn)
    this.#backoff.reset()
  }

  async #open(): Promise<void> {
    const { signal } = this.#closing
    for (;;) {
      try {
        this.#position.reopened()
        const startLsn = this.#position.endLsn
        const { systemId } = this.#split
        const keyColumnsOf = (table: string): readonly string[] | undefined =>
          this.#tables.keyNamesOf(table)
        const stream = await openStream(this.#context, { startLsn, systemId, keyColumnsOf }, signal)
        if (signal.aborted) return await stream.close()
        this.#begin(stream, startLsn)
        return
      } catch (failure) {
        await this.#backoff.pause('the stream', failure, signal)
      }
    }
  }

  #begin(stream: ReplicationStream, startLsn: Lsn): void {
    if (this.#acknowledgedLsn !== noLsn) stream.acknowledge(this.#acknowledgedLsn)
    this.#stream = stream
    this.#context.logger.info('streams changes', { from: formatLsn(startLsn) })
    this.#watch.on(stream)
  }

  async #reopen(stream: ReplicationStream, failure: unknown): Promise<void> {
    this.#stream = undefined
    await stream.close()
    await this.#backoff.pause('the stream', failure, this.#closing.signal)
    await this.#open()
  }

  #background(work: () => Promise<void>): void {
    work().catch((cause: unknown) => {
      this.#failure = { cause }
      this.#wake()
    })
  }
}

/** The largest `xmax`: transactions from it on were seen by no snapshot. */
function unseenFromOf(split: StreamSplit): number | undefined {
  const ranges = split.tables.flatMap((table) => table.ranges)
  if (ranges.length === 0) return undefined
  return ranges.reduce((max, range) => Math.max(max, parseSnapshot(range.snapshot).xmax), 0)
}
