import { FlinktsError, defined } from '@flinkts/core/connector'
import { expect } from 'vitest'
import type { PostgresClient, PostgresDriver, SqlRow, SqlText } from '../../src/client.ts'

/** What a transaction writes. */
interface Transaction {
  readonly rows: string[]
  readonly ledger: string[]
  readonly staged: Staged[]
  /** What it took out of the staging table. */
  readonly taken: Staged[]
}

/** A row of the staging table. */
interface Staged {
  readonly transaction: string
  readonly place: string
  readonly batch: string
  readonly data: string
}

/** A statement, in the words of the tests. */
type Step =
  | 'begin'
  | 'copy'
  | 'ledger'
  | 'stage'
  | 'take'
  | 'prepare'
  | 'commit'
  | 'commit-prepared'
  | 'rollback'

/**
 * A database with a table `items` (id integer, name text), a ledger and a staging table, for the
 * statements of the sink. Statements fail, or wait, when a test says so.
 */
export class FakeDatabase implements PostgresDriver {
  /** Lines of COPY that everyone sees. */
  readonly rows: string[] = []
  /** The keys of the ledger that everyone sees. */
  readonly ledger: string[] = []
  /** The staging table, as everyone sees it. */
  staged: readonly Staged[] = []
  readonly prepared: Map<string, Transaction> = new Map()
  /** `max_prepared_transactions` */
  preparedMax = 64
  /** Names of connections that are open, by process. */
  readonly connections: Map<number, string> = new Map()
  readonly steps: Step[] = []
  /** The tag that the next PREPARE answers, which then prepares nothing. */
  prepareTag: string | undefined
  /** The connection of the next such statement breaks. */
  breakAt: { readonly step: Step; readonly done: boolean } | undefined
  /** Statements of the COPY wait for it. */
  gate: Promise<void> = Promise.resolve()
  #processes = 0

  connect(
    _connection: unknown,
    context: { readonly applicationName: string },
  ): Promise<PostgresClient> {
    this.#processes += 1
    const processId = this.#processes
    this.connections.set(processId, context.applicationName)
    return Promise.resolve(new FakeConnection(this, processId))
  }

  connectReplication(): Promise<never> {
    return expect.fail('a sink replicates nothing')
  }

  /** Removes rows of the ledger of one subtask, before a checkpoint. */
  forget([jobId, operatorId, subtask, before]: readonly SqlText[]): void {
    const kept = this.ledger.filter((key) => {
      const place = key.slice(0, key.lastIndexOf(' '))
      const checkpointId = Number(key.slice(place.length + 1))
      return place !== `${jobId} ${operatorId} ${subtask}` || checkpointId >= Number(before)
    })
    this.ledger.splice(0, this.ledger.length, ...kept)
  }

  /** What a statement does, if its connection does not break. */
  async run<T>(connection: FakeConnection, step: Step, action: () => T): Promise<T> {
    if (!this.connections.has(connection.processId)) throw connectionLost()
    this.steps.push(step)
    const broken = this.breakAt?.step === step ? this.breakAt : undefined
    if (broken === undefined) return action()
    this.breakAt = undefined
    if (broken.done) action()
    this.connections.delete(connection.processId)
    throw connectionLost()
  }
}

class FakeConnection implements PostgresClient {
  readonly serverVersion = 180_000
  readonly processId: number
  readonly #database: FakeDatabase
  #open: Transaction | undefined

  constructor(database: FakeDatabase, processId: number) {
    this.#database = database
    this.processId = processId
  }

  async query(sql: string, parameters: readonly SqlText[] = []): Promise<readonly SqlRow[]> {
    const database = this.#database
    if (sql.startsWith('INSERT INTO "public"."flinkts_ledger"')) {
      const key = parameters.slice(0, 4).join(' ')
      return database.run(this, 'ledger', () => this.#note(key))
    }
    if (sql.startsWith('INSERT INTO "public"."flinkts_staging"')) {
      return database.run(this, 'stage', () => this.#stage(parameters))
    }
    if (sql.startsWith('DELETE FROM "public"."flinkts_staging"')) {
      return database.run(this, 'take', () => this.#take(parameters))
    }
    if (!database.connections.has(this.processId)) throw connectionLost()
    if (sql.startsWith('DELETE FROM "public"."flinkts_ledger"')) {
      database.forget(parameters)
      return []
    }
    if (sql.startsWith('SELECT 1 AS found')) {
      return database.ledger.includes(parameters.join(' ')) ? [{ found: '1' }] : []
    }
    if (sql.includes('pg_terminate_backend')) {
      database.connections.delete(Number(parameters[0]))
      return []
    }
    return answer(database, sql, { processId: this.processId, parameters })
  }

  async execute(sql: string): Promise<string> {
    const database = this.#database
    const name = /^(?:PREPARE TRANSACTION|COMMIT PREPARED|ROLLBACK PREPARED) '(.*)'$/.exec(sql)?.[1]
    if (sql === 'BEGIN') {
      return database.run(this, 'begin', () => this.#begin())
    }
    if (sql === 'COMMIT') return database.run(this, 'commit', () => this.#publish(this.#end()))
    if (sql === 'ROLLBACK') {
      return database.run(this, 'rollback', () => {
        this.#end()
        return 'ROLLBACK'
      })
    }
    const named = defined(name, 'the statement names a transaction')
    if (sql.startsWith('PREPARE')) return database.run(this, 'prepare', () => this.#prepare(named))
    if (sql.startsWith('ROLLBACK')) {
      database.prepared.delete(named)
      return 'ROLLBACK'
    }
    return database.run(this, 'commit-prepared', () => {
      const transaction = database.prepared.get(named)
      if (transaction === undefined) throw serverError('42704', 'no such prepared transaction')
      database.prepared.delete(named)
      return this.#publish(transaction)
    })
  }

  async copyIn(_sql: string, rows: Uint8Array): Promise<void> {
    await this.#database.gate
    const lines = Buffer.from(rows).toString().trimEnd().split('\n')
    await this.#database.run(this, 'copy', () => this.#transaction.rows.push(...lines))
  }

  copyRows(): never {
    return expect.fail('a sink reads no rows')
  }

  close(): Promise<void> {
    this.#database.connections.delete(this.processId)
    return Promise.resolve()
  }

  get #transaction(): Transaction {
    return defined(this.#open, 'a transaction is open')
  }

  #begin(): string {
    expect(this.#open).toBeUndefined()
    this.#open = { rows: [], ledger: [], staged: [], taken: [] }
    return 'BEGIN'
  }

  #note(key: string): readonly SqlRow[] {
    if (this.#database.ledger.includes(key)) return []
    this.#transaction.ledger.push(key)
    return [{ inserted: '1' }]
  }

  #stage([transaction, place, batch, data]: readonly SqlText[]): readonly SqlRow[] {
    const staged = { transaction: `${transaction}`, place: `${place}` }
    this.#transaction.staged.push({ ...staged, batch: `${batch}`, data: `${data}` })
    return []
  }

  /** Without a place: all of a name, at once. */
  #take([transaction, place]: readonly SqlText[]): readonly SqlRow[] {
    const database = this.#database
    const taken = database.staged.filter(
      (row) => row.transaction === transaction && (place === undefined || row.place === place),
    )
    if (this.#open === undefined) {
      database.staged = database.staged.filter((row) => !taken.includes(row))
    } else this.#open.taken.push(...taken)
    return taken.map(({ batch, data }) => ({ batch, data }))
  }

  #end(): Transaction {
    const transaction = this.#transaction
    this.#open = undefined
    return transaction
  }

  #prepare(name: string): string {
    const transaction = this.#end()
    const { prepareTag } = this.#database
    this.#database.prepareTag = undefined
    if (prepareTag !== undefined) return prepareTag
    this.#database.prepared.set(name, transaction)
    return 'PREPARE'
  }

  #publish({ rows, ledger, staged, taken }: Transaction): string {
    const database = this.#database
    database.rows.push(...rows)
    database.ledger.push(...ledger)
    database.staged = [...database.staged, ...staged].filter((row) => !taken.includes(row))
    return 'COMMIT'
  }
}

/** What the catalogs say. */
function answer(
  database: FakeDatabase,
  sql: string,
  asked: { readonly processId: number; readonly parameters: readonly SqlText[] },
): readonly SqlRow[] {
  if (sql.includes('pg_prepared_xacts'))
    return [...database.prepared.keys()].map((gid) => ({ gid }))
  if (sql.includes('pg_stat_activity')) {
    return [...database.connections]
      .filter(
        ([pid, name]) => pid !== asked.processId && name.startsWith(asked.parameters[0] ?? ''),
      )
      .map(([pid, name]) => ({ pid: String(pid), name }))
  }
  if (sql.includes('prepared_max')) {
    return [{ prepared_max: String(database.preparedMax), standby: 'f', role: 'writer' }]
  }
  if (sql.startsWith('SELECT DISTINCT transaction')) {
    return [...new Set(database.staged.map(({ transaction }) => transaction))].map(
      (transaction) => ({ transaction }),
    )
  }
  if (sql.includes('to_regclass')) return [{ found: 't', allowed: 't' }]
  if (sql.includes('pg_index')) return [{ primary: 't', columns: '["id"]' }]
  if (sql.includes('pg_attribute')) return columnRows
  if (sql.includes('c.relkind')) return [{ oid: '1', relkind: 'r', relpersistence: 'p', rights }]
  return []
}

const rights = 'INSERT UPDATE SELECT DELETE'

const columnRows: readonly SqlRow[] = [
  { attname: 'id', atttypid: '23', plain_type: 'integer', required: 't' },
  { attname: 'name', atttypid: '25', plain_type: 'text', required: 'f' },
]

function connectionLost(): FlinktsError {
  return new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', 'the connection was lost')
}

/** As the driver throws what the server says. */
function serverError(code: string, message: string): FlinktsError {
  const cause = Object.assign(new Error(message), { code })
  return new FlinktsError('FLINKTS_POSTGRES_OBJECT_MISSING', message, { cause })
}
