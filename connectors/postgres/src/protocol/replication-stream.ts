import type { Change } from '../records/change.ts'
import { formatLsn } from '../records/lsn.ts'
import type { Lsn } from '../records/lsn.ts'
import { quoteIdentifier } from '../records/relation.ts'
import type { Relation } from '../records/relation.ts'

/** A transaction in the stream. @internal */
export interface Transaction {
  /** Position of its commit record: names the transaction for ever. */
  readonly finalLsn: Lsn
  /** Lower 32 bits of the top-level transaction id (subtransactions carry it too). */
  readonly transactionId: number
  /** ISO 8601 in UTC with six digits, as `timestamptz` values. */
  readonly commitTime: string
}

/** A message written by `pg_logical_emit_message`. @internal */
export interface LogicalMessage {
  /**
   * Whether it belongs to the open transaction; if not, it comes at once, also between
   * transactions.
   */
  readonly transactional: boolean
  readonly lsn: Lsn
  readonly prefix: string
  /** A copy. */
  readonly content: Uint8Array
}

/**
 * What `ReplicationStream.poll` calls, synchronously and in the order of the stream:
 * `(begin change* commit | progress)*`; `message` anywhere.
 *
 * @internal
 */
export interface ReplicationHandler {
  begin(transaction: Transaction): void
  /**
   * A change; `change.source.position` counts from 0 in the transaction, a `truncate` once a table.
   * `relation` is the same object until the table's definition changes or the stream is opened
   * again.
   *
   * @returns whether `poll` may go on to the next message.
   */
  change(relation: Relation, change: Change): boolean
  /**
   * @param endLsn - Where the transaction ends (exclusive): exactly what may be acknowledged after
   * it.
   */
  commit(transaction: Transaction, endLsn: Lsn): void
  /**
   * Between transactions, never in one: the server has sent everything that committed before `lsn`,
   * also where nothing of it was published. May repeat and may be below an earlier position.
   */
  progress(lsn: Lsn): void
  message?(message: LogicalMessage): void
}

/** What `poll` left: undecoded bytes, none, or none ever again. @internal */
export type PollStatus = 'more-available' | 'nothing-available' | 'ended'

/**
 * The changes of a slot. Pulled: bytes wait undecoded, up to `bufferBytesMax`, then the socket is
 * paused. Keepalives are answered and the status is sent in the background, whether or not anybody
 * polls.
 *
 * Runs on the thread that opened it. `close` ends it; nothing is emitted after a failure.
 *
 * @internal
 */
export interface ReplicationStream {
  /**
   * Decodes what has arrived and hands it to `handler`, until nothing is left or `handler.change`
   * returns false. Never waits. Throws what ended the stream, after everything that arrived before
   * it was handed out; then every later call throws the same. Never returns `ended`.
   *
   * @throws FlinktsError FLINKTS_POSTGRES_CONNECTION_FAILED, FLINKTS_POSTGRES_STREAM_SILENT,
   * FLINKTS_POSTGRES_SLOT_LOST, FLINKTS_POSTGRES_MESSAGE_TOO_LARGE,
   * FLINKTS_POSTGRES_PROTOCOL_VIOLATED and what `TypeCatalog.load` throws
   */
  poll(handler: ReplicationHandler): PollStatus
  /** Resolves when `poll` is worth a call (also when it would throw). Never rejects. */
  available(): Promise<void>
  /**
   * Tells the server that everything before `endLsn` is safe: WAL up to it may go, and a later
   * START_REPLICATION cannot go behind it. The stream acknowledges nothing by itself. Sent soon,
   * and again with every status; a position below an earlier one is ignored.
   */
  acknowledge(endLsn: Lsn): void
  /** Ends the stream and its connection. Idempotent; never rejects. */
  close(): Promise<void>
}

/** How to open a `ReplicationStream`. @internal */
export interface ReplicationOptions {
  readonly slot: string
  /** Where to start (a commit's end); transactions that end at or before it are not sent. */
  readonly startLsn: Lsn
  readonly publications: readonly string[]
  /**
   * The columns of the records' key for a table (`schema.name`); undefined: those of the replica
   * identity, unless it is `full` (then none).
   */
  readonly keyColumnsOf?: ((table: string) => readonly string[] | undefined) | undefined
  /** Whether `pg_logical_emit_message` messages are wanted; off unless said. */
  readonly messages?: boolean | undefined
  /**
   * How often the status is sent at least; lowered to a third of the server's wal_sender_timeout.
   */
  readonly statusIntervalMs: number
  /** No byte for so long is an error (the server sends a keepalive when asked, at half of it). */
  readonly receiveTimeoutMs: number
  /** A longer message (a row) is an error that names its table. */
  readonly messageBytesMax: number
  /** Undecoded bytes in memory at which the socket is paused; one message may exceed it. */
  readonly bufferBytesMax: number
}

/** The command that begins a stream. @internal */
export function startCommand(options: ReplicationOptions): string {
  const { slot, startLsn, publications, messages } = options
  const names = publications.map(quoteIdentifier).join(',').replaceAll("'", "''")
  const plugin = [`proto_version '1'`, `publication_names '${names}'`]
  if (messages === true) plugin.push(`messages 'true'`)
  const slotName = quoteIdentifier(slot)
  return `START_REPLICATION SLOT ${slotName} LOGICAL ${formatLsn(startLsn)} (${plugin.join(', ')})`
}
