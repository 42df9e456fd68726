import { FlinktsError, silentLogger } from '@flinkts/core/connector'
import type { SplitOutput } from '@flinkts/core/connector'
import { expect } from 'vitest'
import type { PostgresClient, PostgresDriver, ReplicationClient, SqlRow } from '../../src/client.ts'
import type { Change } from '../../src/index.ts'
import { resolvePostgresCdcOptions } from '../../src/options.ts'
import type {
  PollStatus,
  ReplicationHandler,
  ReplicationOptions,
  ReplicationStream,
} from '../../src/protocol/replication-stream.ts'
import type { RowStream } from '../../src/protocol/row-stream.ts'
import type { Lsn } from '../../src/records/lsn.ts'
import { formatLsn } from '../../src/records/lsn.ts'
import type { Relation } from '../../src/records/relation.ts'
import { SourceContext } from '../../src/runtime/source-context.ts'
import type { SplitWorker } from '../../src/runtime/split-worker.ts'
import { TypeCatalog } from '../../src/values/type-catalog.ts'
import { ManualTime } from '../protocol/manual-time.ts'

/** The table that the server has: one column, `id integer primary key`. */
export const relation: Relation = {
  oid: 1,
  schema: 'public',
  name: 't',
  table: 'public.t',
  replicaIdentity: 'default',
  columns: [{ name: 'id', typeOid: 23, typeModifier: -1, key: true, identity: true }],
}

const tableRow: SqlRow = {
  oid: '1',
  nspname: 'public',
  relname: 't',
  relkind: 'r',
  relpersistence: 'p',
  relreplident: 'd',
  size: '8192',
}
const columnRow: SqlRow = {
  attrelid: '1',
  attname: 'id',
  atttypid: '23',
  atttypmod: '-1',
  baseoid: '23',
  keyposition: '0',
}
const slotRow: SqlRow = { plugin: 'pgoutput', database: 'shop', confirmed_flush_lsn: '0/0' }

/** Inserts that committed together. */
export interface FakeTransaction {
  readonly finalLsn: Lsn
  readonly endLsn: Lsn
  readonly ids: readonly number[]
}

/** A server that answers what the readers ask, and whose connections break when a test says so. */
export class FakeServer implements PostgresDriver {
  readonly time: ManualTime = new ManualTime()
  /** The rows of the table. */
  ids: readonly number[] = []
  transactions: readonly FakeTransaction[] = []
  /** The next COPY, or stream, breaks after so many rows or changes. */
  breakAfter: number = Number.POSITIVE_INFINITY
  readonly acknowledged: Lsn[] = []
  /** So many queries that make durable what was seen fail first: the server goes down. */
  crashes = 0
  #snapshots = 0

  readonly context: SourceContext = new SourceContext(
    resolvePostgresCdcOptions({
      connection: { url: 'postgres://reader@db.example/shop' },
      tables: ['t'],
    }),
    this,
    new TypeCatalog(),
    {
      jobName: 'job',
      operatorId: 'source',
      clock: this.time,
      scheduler: this.time,
      logger: silentLogger,
    },
  )

  connect(): Promise<PostgresClient> {
    return Promise.resolve({
      serverVersion: 180_000,
      processId: 1,
      query: (sql) => this.#makingDurable(sql) ?? Promise.resolve(this.#answer(sql)),
      execute: () => expect.fail('the source runs queries only'),
      copyIn: () => expect.fail('the source writes no rows'),
      copyRows: (sql) => this.#copy(sql),
      close: () => Promise.resolve(),
    })
  }

  connectReplication(): Promise<ReplicationClient> {
    return Promise.resolve({
      serverVersion: 180_000,
      processId: 2,
      query: (sql) => Promise.resolve(this.#answer(sql)),
      identifySystem: () =>
        Promise.resolve({ systemId: '7', timeline: 1, flushLsn: 0n, database: 'shop' }),
      createSlot: () => Promise.resolve(0n),
      startReplication: ({ startLsn }: ReplicationOptions) =>
        Promise.resolve(this.#stream(startLsn)),
      close: () => Promise.resolve(),
    })
  }

  #makingDurable(sql: string): Promise<never> | undefined {
    if (this.crashes === 0 || !sql.includes('pg_logical_emit_message')) return undefined
    this.crashes -= 1
    return Promise.reject(connectionLost())
  }

  #answer(sql: string): readonly SqlRow[] {
    if (sql.includes('pg_replication_slots')) return [slotRow]
    if (sql.includes('pg_attribute')) return [columnRow]
    if (sql.includes('relkind')) return [tableRow]
    if (!sql.includes('pg_current_snapshot')) return []
    this.#snapshots += 1
    return [{ snapshot: `${this.#snapshots}:${this.#snapshots}:` }]
  }

  #copy(sql: string): RowStream {
    const compared = [...sql.matchAll(/"id" (<|>=|>) '(\d+)'/g)]
    const ids = this.ids.filter((id) =>
      compared.every(([, operator, bound]) => holds(id, operator, Number(bound))),
    )
    const breakAt = this.#takeBreak()
    let next = 0
    return {
      poll: (onRow) => {
        while (next < ids.length) {
          if (next === breakAt) throw connectionLost()
          next += 1
          if (!onRow({ id: ids[next - 1] ?? 0 })) return 'more-available'
        }
        return 'ended'
      },
      available: () => Promise.resolve(),
    }
  }

  /** Transactions that end after the position, whole, one change at a poll. */
  #stream(startLsn: Lsn): ReplicationStream {
    const transactions = this.transactions.filter(({ endLsn }) => endLsn > startLsn)
    const events = transactions.flatMap(eventsOf)
    const breakAt = this.#takeBreak()
    let next = 0
    return {
      poll: (handler): PollStatus => {
        const event = events[next]
        if (event === undefined) return 'nothing-available'
        if (next === breakAt) throw connectionLost()
        next += 1
        event(handler)
        return 'more-available'
      },
      available: () => (next < events.length ? Promise.resolve() : new Promise(() => {})),
      acknowledge: (lsn) => void this.acknowledged.push(lsn),
      close: () => Promise.resolve(),
    }
  }

  #takeBreak(): number {
    const breakAt = this.breakAfter
    this.breakAfter = Number.POSITIVE_INFINITY
    return breakAt
  }
}

function holds(id: number, operator: string | undefined, bound: number): boolean {
  if (operator === '<') return id < bound
  return operator === '>' ? id > bound : id >= bound
}

function eventsOf(
  transaction: FakeTransaction,
): readonly ((handler: ReplicationHandler) => void)[] {
  const { finalLsn, endLsn, ids } = transaction
  const commitTime = '2024-05-06T07:08:09.000000Z'
  const described = { finalLsn, transactionId: Number(finalLsn), commitTime }
  return [
    (handler) => handler.begin(described),
    ...ids.map((id, position) => (handler: ReplicationHandler) => {
      handler.change(relation, insertOf(id, { finalLsn, position }))
    }),
    (handler) => handler.commit(described, endLsn),
  ]
}

function insertOf(id: number, at: { readonly finalLsn: Lsn; readonly position: number }): Change {
  const lsn = formatLsn(at.finalLsn)
  return {
    operation: 'insert',
    before: undefined,
    after: { id },
    key: { id },
    unchanged: undefined,
    source: {
      table: relation.table,
      lsn,
      position: at.position,
      transactionId: 1,
      commitTime: undefined,
    },
    schema: undefined,
  }
}

function connectionLost(): FlinktsError {
  return new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', 'the connection was lost')
}

/** What a reader emitted. */
export class CollectingOutput implements SplitOutput<Change> {
  readonly ids: unknown[] = []

  /** Asks to stop after each record, as a slow task does. */
  collect(change: Change): boolean {
    this.ids.push(change.after?.['id'])
    return false
  }

  collectSide(): never {
    throw new Error('nothing is expected in a side output')
  }

  emitWatermark(): void {}

  markIdle(): void {}
}

/** Polls until it is done, and lets time pass meanwhile. */
export async function pollUntil(
  server: FakeServer,
  { worker, output }: { readonly worker: SplitWorker; readonly output: CollectingOutput },
  done: (status: PollStatus) => boolean,
): Promise<void> {
  for (let polls = 0; polls < 1000; polls += 1) {
    if (done(worker.poll(output))) return
    await new Promise(setImmediate)
    server.time.advance(1000)
  }
  expect.fail('what is awaited does not come')
}
