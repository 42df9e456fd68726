import type { Clock, Scheduler } from '@flinkts/core/connector'
import type { ResolvedConnection } from './connection-options.ts'
import type { Lsn } from './lsn.ts'
import type { Relation } from './relation.ts'
import type { ReplicationOptions, ReplicationStream } from './replication-stream.ts'
import type { RowStream } from './row-stream.ts'
import type { TypeCatalog } from './type-catalog.ts'

/** The value of a parameter or a result as Postgres's text; null is SQL's null. @internal */
export type SqlText = string | null

/** A row of `query`: every value is Postgres's text form, whatever its type. @internal */
export type SqlRow = Readonly<Record<string, SqlText>>

/**
 * An SQL connection; one statement at a time (calls queue). Session settings are pinned: UTC, ISO dates,
 * hex bytea, exact floats, no timeouts but those that the caller sets.
 *
 * @internal
 */
export interface PostgresClient {
  /** `server_version_num`: 150018 for 15.18. */
  readonly serverVersion: number
  /** The backend's process id, as in `pg_stat_activity`. */
  readonly processId: number
  /**
   * Runs one statement, or, without parameters, several separated by `;` (the last one's rows).
   *
   * @param parameters - Values of $1, $2 … as text.
   * @throws FlinktsError with one of the codes of `toPostgresError`
   */
  query(sql: string, parameters?: readonly SqlText[]): Promise<readonly SqlRow[]>
  /**
   * Runs `COPY (…) TO STDOUT` (text format) and decodes its rows. The relation's columns must be those of
   * the COPY, in its order. The stream must be polled to its end, or the client be closed, before the next
   * statement.
   */
  copyRows(sql: string, relation: Relation): RowStream
  /** Ends the connection, also in the middle of anything. Idempotent; never rejects. */
  close(): Promise<void>
}

/** What IDENTIFY_SYSTEM says. @internal */
export interface SystemIdentity {
  /** Unique for a cluster; a decimal number. */
  readonly systemId: string
  readonly timeline: number
  /** The flush position of the WAL. */
  readonly flushLsn: Lsn
  readonly database: string
}

/** How to create a slot. @internal */
export interface CreateSlotOptions {
  readonly slot: string
  /** Whether the slot is dropped when its connection ends. */
  readonly temporary?: boolean | undefined
}

/** A connection in replication mode. @internal */
export interface ReplicationClient {
  readonly serverVersion: number
  /** The backend's process id, as in `pg_stat_activity` and `pg_replication_slots.active_pid`. */
  readonly processId: number
  /** A statement of the simple protocol: SQL or a replication command. */
  query(sql: string): Promise<readonly SqlRow[]>
  identifySystem(): Promise<SystemIdentity>
  /**
   * Creates a logical slot for pgoutput without exporting a snapshot. Waits, without limit, for the
   * transactions that run now: `close` gives it up.
   *
   * @returns the consistent point: every transaction that commits after it will be streamed.
   */
  createSlot(options: CreateSlotOptions): Promise<Lsn>
  /**
   * Streams from a slot; the connection then belongs to the stream. May be called once.
   *
   * @throws FlinktsError FLINKTS_POSTGRES_SLOT_IN_USE, FLINKTS_POSTGRES_SLOT_LOST,
   * FLINKTS_POSTGRES_OBJECT_MISSING (no such slot) and others of `toPostgresError`
   */
  startReplication(options: ReplicationOptions): Promise<ReplicationStream>
  /** Ends the connection, also in the middle of anything. Idempotent; never rejects. */
  close(): Promise<void>
}

/** What a connection needs besides its options. @internal */
export interface ClientContext {
  /** Shown in `pg_stat_activity`: `flinkts/job/operator/role`; cut at 63 bytes. */
  readonly applicationName: string
  /** Aborts the attempt to connect; has no effect on a connection that stands. */
  readonly signal?: AbortSignal | undefined
  /** Decodes columns of types that are not built in; shared by all connections to one database. */
  readonly types: TypeCatalog
}

/** What a replication connection needs besides its options. @internal */
export interface ReplicationContext extends ClientContext {
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** Called when the stream meets types that `types` does not know; must end in `types.load`. */
  readonly loadTypes: (typeOids: readonly number[]) => Promise<void>
}

/** Opens connections; the seam for tests. @internal */
export interface PostgresDriver {
  /** @throws FlinktsError with one of the codes of `toPostgresError` */
  connect(connection: ResolvedConnection, context: ClientContext): Promise<PostgresClient>
  /** @throws FlinktsError with one of the codes of `toPostgresError` */
  connectReplication(
    connection: ResolvedConnection,
    context: ReplicationContext,
  ): Promise<ReplicationClient>
}
