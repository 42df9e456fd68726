import { assert } from '@flinkts/core/connector'
import {
  eventually,
  type PostgresConnection,
  type PostgresDatabase,
  sharedPostgres,
} from '@flinkts/test-services'
import type { InvalidOptions, JsonValue, KitRecord, SourceDriver } from '@flinkts/testkit'
import { startProxy, type TcpProxy } from '@flinkts/testkit/proxy'
import type { Client } from 'pg'
import type { Change, PostgresCdcOptions, Row } from '../../src/index.ts'
import { postgresCdc } from '../../src/index.ts'
import {
  alterTable,
  createRole,
  directly,
  leave,
  loginOf,
  ownRole,
  query,
  quoted,
  terminateConnections,
  uselessLogins,
  versions,
  withClient,
} from '../support/kit-database.ts'
import { parametersOf, valueColumns, valueKinds, valuesOf } from '../support/kit-values.ts'

/** A database, by the connection of the source, which goes through a proxy. */
type Target = {
  readonly [Name in keyof PostgresConnection]: PostgresConnection[Name] & JsonValue
} & {
  /** That of the server itself. */
  readonly serverPort: number
  /** In the schema `public`. */
  readonly table: string
}

/** What this process has to end. */
interface Place {
  readonly created: PostgresDatabase
  readonly proxy: TcpProxy
}

/** By the name of the database. */
const places = new Map<string, Place>()

/** Databases whose table has no payload any more. */
const withoutPayload = new Set<string>()

/** The source for the conformance kit: a database, a role and a slot for each target. */
export const driver: SourceDriver<Target, Change> = {
  name: 'postgres source',
  module: import.meta.url,
  capabilities: {
    replayable: true,
    boundedness: 'continuous-unbounded',
    splits: 'several',
    perSplitOrder: true,
    prunesOnAck: true,
    snapshotThenStream: true,
    emitsDeletes: true,
    emitsTruncates: true,
    reconnects: true,
    values: valueKinds,
  },
  versions,
  setup: () => setupNamed('records'),
  setupNamed,
  unreachable: async (target) =>
    uselessLogins(target).map(({ login, ...why }) => ({ ...why, target: { ...target, ...login } })),
  states: new URL('states/', import.meta.url),
  async alterTarget(target, change) {
    await alterTable(target, change)
    if (change === 'dropped') withoutPayload.add(target.database)
  },
  invalidOptions: () => {
    const { tables: _tables, ...withoutTables } = valid
    const { connection: _connection, ...withoutConnection } = valid
    return [
      mistake('left-out', 'tables', withoutTables),
      mistake('left-out', 'connection', withoutConnection),
      mistake('misspelt', 'tables', { ...withoutTables, table: ['records'] }),
      mistake('misspelt', 'publication', { ...valid, publikation: 'p' }),
      mistake('out-of-range', 'slot', { ...valid, slot: 'A slot' }),
    ]
  },
  createSource: (target) =>
    postgresCdc({
      connection: loginOf(target),
      tables: [`public.${target.table}`],
      slot: slotOf(target),
      snapshot: { chunkRows: 5 },
      stream: { statusIntervalMs: 20, lagIntervalMs: 100 },
      retry: { delayMs: 10, delayMsMax: 100 },
    }),
  toRecords({ operation, key, before, after }) {
    if (operation === 'truncate') {
      return [{ id: 'truncate', split: 0, seq: 0, payload: '', operation }]
    }
    if (key === undefined) return []
    if (operation === 'delete') return [recordOf({ ...key, payload: '' }, 'delete')]
    if (after === undefined) return []
    const written = { ...recordOf(after, 'write'), values: valuesOf(after) }
    // Of an update that changes the key, the old one.
    const old = before && recordOf({ ...before, payload: '' }, 'delete')
    return old === undefined || old.id === written.id ? [written] : [old, written]
  },
  async writeExternal(target, records) {
    await withClient(directly(target), async (client) => {
      await client.query('BEGIN')
      for (const record of records) await write(client, target, record)
      await client.query('COMMIT')
    })
  },
  async rekeyExternal(target, from, to) {
    await withClient(directly(target), (client) =>
      client.query(
        `UPDATE ${quoted(target.table)} SET (split, seq, id) = ($3, $4, $5)
         WHERE (split, seq) = ($1, $2)`,
        [from.split, from.seq, to.split, to.seq, to.id],
      ),
    )
  },
  async writeUnrelated(target) {
    await query(directly(target), 'INSERT INTO others DEFAULT VALUES')
  },
  endPosition: (target) => position(target, 'SELECT pg_current_wal_flush_lsn() AS lsn'),
  acknowledged: (target) =>
    position(
      target,
      `SELECT confirmed_flush_lsn AS lsn FROM pg_replication_slots
       WHERE slot_name = '${slotOf(target)}'`,
    ),
  async pruneUpstream(target) {
    const advance = async (): Promise<void> => {
      await query(
        directly(target),
        `SELECT pg_replication_slot_advance(slot_name, pg_current_wal_flush_lsn())
         FROM pg_replication_slots WHERE slot_name = '${slotOf(target)}'`,
      )
    }
    // The server may not have noticed yet that the reader of the slot is gone.
    await eventually('the slot to be advanced', advance)
  },
  killConnections: (target) => terminateConnections(directly(target)),
  async breakConnections({ database }, byteCount) {
    places.get(database)?.proxy.breakAfter(byteCount)
  },
  secrets: ({ password }) => [password],
  async clean(target) {
    const { database, user } = target
    const place = places.get(database)
    places.delete(database)
    await place?.proxy.close()
    await leave({ database })
    await place?.created.drop()
    await (await sharedPostgres()).query(`DROP ROLE ${user}`)
  },
}

/** Options without a mistake, for a server that nobody asks. */
const valid: PostgresCdcOptions = { connection: { user: 'nobody' }, tables: ['records'] }

function mistake(kind: InvalidOptions['mistake'], option: string, given: object): InvalidOptions {
  return { mistake: kind, option, create: () => postgresCdc(given as PostgresCdcOptions) }
}

async function setupNamed(table: string): Promise<Target> {
  const created = await (await sharedPostgres()).createDatabase()
  const { connection } = created
  const { database, port: serverPort } = connection
  const proxy = await startProxy(connection)
  places.set(database, { created, proxy })
  const { host, port } = proxy.connection
  const role = ownRole(connection)
  await created.query(
    `${createRole(role)};
     CREATE TABLE ${quoted(table)} (split int4, seq int4, id text NOT NULL,
       payload text NOT NULL, ${valueColumns}, PRIMARY KEY (split, seq));
     CREATE TABLE others (id bigserial PRIMARY KEY)`,
  )
  return { host, port, serverPort, ...role, database, table }
}

function slotOf({ database }: Pick<Target, 'database'>): string {
  return `s_${database}`
}

function recordOf(row: Row, operation: KitRecord['operation']): KitRecord {
  const [split, seq] = [Number(row['split']), Number(row['seq'])]
  const payload = row['payload'] ?? ''
  assert(typeof payload === 'string', 'text is a string')
  return { id: `${split}-${seq}`, split, seq, payload, operation }
}

async function write(
  client: Client,
  { database, table }: Target,
  record: KitRecord,
): Promise<void> {
  const { id, split, seq, payload, operation, values } = record
  if (operation === 'truncate') {
    await client.query(`TRUNCATE ${quoted(table)}`)
    return
  }
  if (operation === 'delete') {
    await client.query(`DELETE FROM ${quoted(table)} WHERE (split, seq) = ($1, $2)`, [split, seq])
    return
  }
  const text = withoutPayload.has(database) ? {} : { payload }
  const row = { split, seq, id, ...text, ...parametersOf(values) }
  const columns = Object.keys(row).map(quoted)
  await client.query(
    `INSERT INTO ${quoted(table)} (${columns.join(', ')})
     VALUES (${columns.map((_name, index) => `$${index + 1}`).join(', ')})
     ON CONFLICT (split, seq)
     DO UPDATE SET ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`,
    Object.values(row),
  )
}

/** A position of the WAL in bytes; 0 without a row. */
async function position(target: Target, statement: string): Promise<bigint> {
  const [row] = await query<{ bytes: string }>(
    directly(target),
    `SELECT (lsn - '0/0'::pg_lsn)::text AS bytes FROM (${statement}) AS position`,
  )
  return BigInt(row?.bytes ?? 0)
}
