import type { PostgresConnection } from '@flinkts/test-services'
import { postgresDriver } from '../../src/client.ts'
import type { PostgresClient, ReplicationClient } from '../../src/client.ts'
import { resolveConnection } from '../../src/connection/connection-options.ts'
import type { ConnectionOptions } from '../../src/connection/connection-options.ts'
import type { Relation } from '../../src/records/relation.ts'
import type { ReplicationOptions } from '../../src/protocol/replication-stream.ts'
import { TypeCatalog } from '../../src/values/type-catalog.ts'
import { systemTime } from '@flinkts/core/connector'

/** Connections of one test to one database; all are closed when it ends. */
export class Connections implements AsyncDisposable {
  readonly types: TypeCatalog = new TypeCatalog()
  readonly #options: ConnectionOptions
  readonly #open: { close(): Promise<void> }[] = []

  constructor({ host, port, user, password, database }: PostgresConnection) {
    this.#options = { host, port, user, password, database }
  }

  /** A connection for SQL. */
  async sql(overrides: ConnectionOptions = {}): Promise<PostgresClient> {
    const connection = resolveConnection({ ...this.#options, ...overrides })
    const context = { applicationName: 'test/sql', types: this.types, copyBufferBytesMax: 65_536 }
    const client = await postgresDriver.connect(connection, context)
    this.#open.push(client)
    return client
  }

  /** A connection for replication. */
  async replication(overrides: ConnectionOptions = {}): Promise<ReplicationClient> {
    const connection = resolveConnection({ ...this.#options, ...overrides })
    const client = await postgresDriver.connectReplication(connection, {
      applicationName: 'test/replication',
      types: this.types,
      clock: systemTime,
      scheduler: systemTime,
      loadTypes: async (oids) => this.types.load(await this.sql(), oids),
    })
    this.#open.push(client)
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#open.map((client) => client.close()))
  }
}

/** Options of a stream over the publication `pub`, from the slot's own position. */
export function replicationOptions(options: Partial<ReplicationOptions> = {}): ReplicationOptions {
  return {
    slot: 'slot',
    startLsn: 0n,
    publications: ['pub'],
    statusIntervalMs: 500,
    receiveTimeoutMs: 10_000,
    messageBytesMax: 1_000_000,
    bufferBytesMax: 1_000_000,
    ...options,
  }
}

/** A table of the schema `public`, as the catalog describes it. */
export async function describeTable(client: PostgresClient, name: string): Promise<Relation> {
  const rows = await client.query(
    `select attname, atttypid, atttypmod, attrelid from pg_attribute
     where attrelid = ('public.' || quote_ident($1))::regclass and attnum > 0 and not attisdropped
     order by attnum`,
    [name],
  )
  return {
    oid: Number(rows[0]?.['attrelid']),
    schema: 'public',
    name,
    table: `public.${name}`,
    replicaIdentity: 'default',
    columns: rows.map((row) => ({
      name: row['attname'] ?? '',
      typeOid: Number(row['atttypid']),
      typeModifier: Number(row['atttypmod']),
      key: false,
      identity: false,
    })),
  }
}
