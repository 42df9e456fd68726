import { FlinktsError } from '@flinkts/core/connector'
import type { Clock, Scheduler } from '@flinkts/core/connector'
import { Client } from 'pg'
import type { QueryResult } from 'pg'
import type { ResolvedConnection } from './connection/connection-options.ts'
import { shortened, sqlStateOf, toPostgresError } from './connection/errors.ts'
import { type StatementDeadline, withinDeadline } from './connection/statement-deadline.ts'
import type { Lsn } from './records/lsn.ts'
import { parseLsn } from './records/lsn.ts'
import { CopyChannel } from './protocol/copy-channel.ts'
import { DirectSocket } from './protocol/direct-socket.ts'
import { CopyRowStream, rowTooLong } from './protocol/copy-row-stream.ts'
import { runCopy, runCopyIn } from './protocol/copy-statement.ts'
import { PgoutputDecoder } from './protocol/pgoutput.ts'
import { rowDecoder } from './protocol/row-decoder.ts'
import { pinnedSettingsQuery } from './protocol/session-settings.ts'
import { SlotStream } from './protocol/slot-stream.ts'
import { quoteIdentifier } from './records/relation.ts'
import type { Relation } from './records/relation.ts'
import { startCommand } from './protocol/replication-stream.ts'
import type { ReplicationOptions, ReplicationStream } from './protocol/replication-stream.ts'
import type { RowStream } from './protocol/row-stream.ts'
import type { TypeCatalog } from './values/type-catalog.ts'

/** The value of a parameter or a result as Postgres's text; null is SQL's null. @internal */
export type SqlText = string | null

/** A row of `query`: every value is Postgres's text form, whatever its type. @internal */
export type SqlRow = Readonly<Record<string, SqlText>>

/**
 * An SQL connection; one statement at a time (calls queue). Session settings are pinned: UTC, ISO
 * dates, hex bytea, exact floats, no timeouts but those that the caller sets.
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
   * Runs one statement that gives no rows.
   *
   * @returns the first word of its command tag: `COMMIT` that gives `ROLLBACK` did not commit.
   * @throws FlinktsError with one of the codes of `toPostgresError`
   */
  execute(sql: string): Promise<string>
  /**
   * Runs `COPY … FROM STDIN` (text format) with these rows.
   *
   * @param what - What is being done, for the message of an error.
   * @throws FlinktsError with one of the codes of `toPostgresError`
   */
  copyIn(sql: string, rows: Uint8Array, what: string): Promise<void>
  /**
   * Runs `COPY (…) TO STDOUT` (text format) and decodes its rows. The relation's columns must be
   * those of the COPY, in its order. Statements that follow wait until the COPY has ended: poll it
   * to its end, or close the client.
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
   * Streams from a slot; the connection then belongs to the stream. May be called again if it
   * failed.
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
  /**
   * How long a statement may take until its connection ends: the server may be gone without a word.
   * Undefined: for ever. A COPY TO STDOUT has no limit.
   */
  readonly deadline?: StatementDeadline | undefined
  /** Undecoded bytes of a COPY at which its socket is paused; 1 MiB unless said. */
  readonly copyBufferBytesMax?: number | undefined
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

/** Opens real connections, by the driver `pg`. @internal */
export const postgresDriver: PostgresDriver = {
  async connect(connection, context) {
    const session = await openSession(connection, context, undefined)
    return new SqlClient(session, context)
  },
  async connectReplication(connection, context) {
    const session = await openSession(connection, context, 'database')
    return new WalSenderClient(session, context)
  },
}

/** An open connection of the driver. Runs one statement at a time: the others queue. */
class Session {
  readonly client: Client
  readonly connection: ResolvedConnection
  readonly #deadline: StatementDeadline | undefined
  #tail: Promise<unknown> = Promise.resolve()
  #busy = false
  #closing: Promise<void> | undefined
  serverVersion = 0
  walSenderTimeoutMs = 0
  processId = 0

  constructor(client: Client, connection: ResolvedConnection, context: ClientContext) {
    this.client = client
    this.connection = connection
    this.#deadline = context.deadline
  }

  /** Runs `statement` after those before it. */
  enqueue<T>(statement: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(async () => {
      this.#busy = true
      try {
        return await statement()
      } finally {
        this.#busy = false
      }
    })
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** Runs a statement now; only within `enqueue`. */
  async run(sql: string, parameters?: readonly SqlText[]): Promise<readonly SqlRow[]> {
    return (await this.lastResult(sql, parameters))?.rows ?? []
  }

  /** As `run`: what the last of the statements gave. */
  async lastResult(
    sql: string,
    parameters?: readonly SqlText[],
  ): Promise<QueryResult<SqlRow> | undefined> {
    try {
      const values = parameters === undefined ? {} : { values: [...parameters] }
      const query = { text: sql, types: { getTypeParser: () => String }, ...values }
      const result: QueryResult<SqlRow> | QueryResult<SqlRow>[] = await this.inTime(() =>
        this.client.query(query),
      )
      const results: readonly QueryResult<SqlRow>[] = Array.isArray(result) ? result : [result]
      return results.at(-1)
    } catch (error) {
      throw this.toError(error, `the statement "${shortened(sql)}"`)
    }
  }

  /** Ends the connection, and so the statement, if it takes too long. */
  inTime<T>(statement: () => Promise<T>): Promise<T> {
    const { stream } = this.client.connection
    return withinDeadline(this.#deadline, statement, (late) => stream.destroy(late))
  }

  toError(thrown: unknown, what: string, streaming = false): FlinktsError {
    return toPostgresError(thrown, { what, place: this.connection, streaming })
  }

  close(): Promise<void> {
    this.#closing ??= disconnect(this.client, this.#busy ? 'at-once' : 'politely')
    return this.#closing
  }
}

class SqlClient implements PostgresClient {
  readonly #session: Session
  readonly #context: ClientContext

  constructor(session: Session, context: ClientContext) {
    this.#session = session
    this.#context = context
  }

  get serverVersion(): number {
    return this.#session.serverVersion
  }

  get processId(): number {
    return this.#session.processId
  }

  query(sql: string, parameters?: readonly SqlText[]): Promise<readonly SqlRow[]> {
    return this.#session.enqueue(() => this.#session.run(sql, parameters))
  }

  async execute(sql: string): Promise<string> {
    const result = await this.#session.enqueue(() => this.#session.lastResult(sql))
    return result?.command ?? ''
  }

  copyIn(sql: string, rows: Uint8Array, what: string): Promise<void> {
    const session = this.#session
    const fail = (error: unknown): never => {
      throw session.toError(error, what)
    }
    return session.enqueue(() =>
      session.inTime(() => runCopyIn(session.client, sql, rows)).catch(fail),
    )
  }

  copyRows(sql: string, relation: Relation): RowStream {
    const { types, copyBufferBytesMax = defaultCopyBufferBytesMax } = this.#context
    const session = this.#session
    const channel = new CopyChannel({
      bufferBytesMax: copyBufferBytesMax,
      messageBytesMax: copyMessageBytesMax,
      coalescing: undefined,
      onRead: () => rows.wake(),
      tooLong: (_head, length) => rowTooLong(relation, length),
    })
    const rows = new CopyRowStream(channel, () => rowDecoder(relation, types))
    const oids = relation.columns.map((column) => column.typeOid)
    const copy = async (): Promise<void> => {
      await types.load({ query: (text, values) => session.run(text, values) }, oids)
      await runCopy(session.client, { sql, channel })
    }
    session.enqueue(copy).then(
      () => rows.end(),
      (error: unknown) =>
        rows.fail(session.toError(error, `reading the table "${relation.table}"`)),
    )
    return rows
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}

class WalSenderClient implements ReplicationClient {
  readonly #session: Session
  readonly #context: ReplicationContext
  #stream: SlotStream | undefined

  constructor(session: Session, context: ReplicationContext) {
    this.#session = session
    this.#context = context
  }

  get serverVersion(): number {
    return this.#session.serverVersion
  }

  get processId(): number {
    return this.#session.processId
  }

  query(sql: string): Promise<readonly SqlRow[]> {
    return this.#session.enqueue(() => this.#session.run(sql))
  }

  async identifySystem(): Promise<SystemIdentity> {
    const [row] = await this.query('IDENTIFY_SYSTEM')
    return {
      systemId: row?.['systemid'] ?? '',
      timeline: Number(row?.['timeline']),
      flushLsn: parseLsn(row?.['xlogpos'] ?? ''),
      database: row?.['dbname'] ?? '',
    }
  }

  async createSlot(options: CreateSlotOptions): Promise<Lsn> {
    const slot = quoteIdentifier(options.slot)
    const temporary = options.temporary === true ? 'TEMPORARY ' : ''
    const command = `CREATE_REPLICATION_SLOT ${slot} ${temporary}LOGICAL pgoutput NOEXPORT_SNAPSHOT`
    try {
      const [row] = await this.query(command)
      return parseLsn(row?.['consistent_point'] ?? '')
    } catch (error) {
      throw await this.#explain(error)
    }
  }

  async startReplication(options: ReplicationOptions): Promise<ReplicationStream> {
    const session = this.#session
    const stream = this.#newStream(options)
    const what = `streaming from the slot "${options.slot}"`
    const ended = new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', `the server ended ${what}`)
    const started = Promise.withResolvers<void>()
    const fail = (error: unknown): void => {
      const failure = session.toError(error, what, true)
      stream.fail(failure)
      started.reject(failure)
    }
    session.client.on('error', fail)
    session.client.connection.once('replicationStart', started.resolve)
    const copy = { sql: startCommand(options), channel: stream.channel }
    session.enqueue(() => runCopy(session.client, copy)).then(() => fail(ended), fail)
    try {
      await started.promise
    } catch (error) {
      session.client.off('error', fail)
      session.client.connection.off('replicationStart', started.resolve)
      throw await this.#explain(error)
    }
    this.#stream = stream
    stream.start()
    return stream
  }

  close(): Promise<void> {
    return this.#stream === undefined ? this.#session.close() : this.#stream.close()
  }

  #newStream(options: ReplicationOptions): SlotStream {
    const { client, walSenderTimeoutMs, connection } = this.#session
    const { clock, scheduler, types, loadTypes } = this.#context
    const noKey = (): undefined => undefined
    const {
      slot,
      receiveTimeoutMs,
      messageBytesMax,
      bufferBytesMax,
      keyColumnsOf = noKey,
    } = options
    const answerWithinMs = walSenderTimeoutMs === 0 ? receiveTimeoutMs : walSenderTimeoutMs
    const limits = [options.statusIntervalMs, answerWithinMs / 3, receiveTimeoutMs / 3]
    return new SlotStream({
      slot,
      decoder: new PgoutputDecoder({ types, keyColumnsOf }),
      clock,
      scheduler,
      coalescing:
        connection.ssl === false ? { scheduler, readBytesMax: streamReadBytes } : undefined,
      loadTypes,
      statusIntervalMs: Math.min(...limits),
      receiveTimeoutMs,
      messageBytesMax,
      bufferBytesMax,
      send: (bytes) => {
        const socket = client.connection.stream
        if (socket.writable) socket.write(bytes)
      },
      disconnect: () => disconnect(client, 'politely'),
    })
  }

  /** The state 55000 also stands for a server that writes no logical WAL. */
  async #explain(error: unknown): Promise<unknown> {
    if (sqlStateOf(error) !== '55000') return error
    const [row] = await this.query('SHOW wal_level')
    const level = row?.['wal_level']
    if (level === 'logical') return error
    const message = `the server runs with wal_level=${level}, but changes need wal_level=logical`
    return new FlinktsError('FLINKTS_POSTGRES_WAL_LEVEL', message, {
      hint: 'Run "ALTER SYSTEM SET wal_level = logical" and restart the server.',
      cause: error,
    })
  }
}

const copyReadBytes = 65_536
/** See `Coalescing`. */
const streamReadBytes = 2_097_152
const defaultCopyBufferBytesMax = 1_048_576
/** Postgres itself makes no longer value than 1 GiB. */
const copyMessageBytesMax = 1_073_741_824

/** Connects, pins the session settings and asks what the server is. */
async function openSession(
  connection: ResolvedConnection,
  context: ClientContext,
  replication: 'database' | undefined,
): Promise<Session> {
  const { host, port, database, user, ssl, connectTimeoutMs } = connection
  const readBytes = replication === undefined ? copyReadBytes : streamReadBytes
  const client = new Client({
    host,
    port,
    database,
    user,
    password: async () => (await connection.password()) ?? '',
    ssl: ssl === false ? false : { ...ssl },
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    // With TLS the driver makes the socket, and reads through another one.
    ...(ssl === false ? { stream: () => new DirectSocket(readBytes) } : {}),
    application_name: context.applicationName,
    ...(replication === undefined ? {} : { replication }),
  })
  const session = new Session(client, connection, context)
  // Failures reach whoever waits for a statement; an idle connection's failure, the next statement.
  client.on('error', () => {})
  try {
    await connectOrAbort(client, context.signal)
  } catch (error) {
    await disconnect(client, 'at-once')
    throw session.toError(error, 'connecting')
  }
  try {
    const [row] = await session.enqueue(() => session.run(pinnedSettingsQuery))
    session.serverVersion = Number(row?.['server_version'])
    session.walSenderTimeoutMs = Number(row?.['wal_sender_timeout_ms'])
    session.processId = Number(row?.['process_id'])
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

async function connectOrAbort(client: Client, signal: AbortSignal | undefined): Promise<void> {
  const abort = (): void => {
    client.connection.stream.destroy(new Error('the attempt to connect was given up'))
  }
  if (signal?.aborted === true) abort()
  signal?.addEventListener('abort', abort, { once: true })
  try {
    await client.connect()
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}

/** The message Terminate. */
const terminate = Buffer.from([0x58, 0, 0, 0, 4])

/**
 * Ends a connection; `at-once` where an answer is outstanding. Resolves when the socket is closed.
 */
function disconnect(client: Client, manner: 'politely' | 'at-once'): Promise<void> {
  const socket = client.connection.stream
  if (socket.closed) return Promise.resolve()
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    if (manner === 'politely' && socket.writable) socket.end(terminate, () => socket.destroy())
    else socket.destroy()
  })
}
