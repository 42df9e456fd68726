import { Client } from 'pg'
import { seedStatements, workloadSeed } from './data-set.ts'
import type { Login } from '../postgres-server.ts'

/** The database that peers read; made anew for every scenario. */
export const databaseName = 'shop'

/** Makes the template of the data set with so many rows, unless it is there. */
export async function ensureTemplate(login: Login, rows: number): Promise<void> {
  const name = templateName(rows)
  const admin = await connect(login, 'postgres')
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [name])
    if (rowCount === 1) return
    await admin.query(`create database ${name}`)
  } finally {
    await admin.end()
  }
  const client = await connect(login, name)
  try {
    for (const statement of seedStatements(rows)) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A fresh copy of the data set. Ends what is connected to the one before, and drops its slots. */
export async function resetDatabase(login: Login, rows: number): Promise<void> {
  const admin = await connect(login, 'postgres')
  try {
    await admin.query(
      'select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where active',
    )
    await admin.query('select pg_drop_replication_slot(slot_name) from pg_replication_slots')
    await admin.query(`drop database if exists ${databaseName} with (force)`)
    await admin.query(
      `create database ${databaseName} template ${templateName(rows)} strategy file_copy`,
    )
    await admin.query('checkpoint')
  } finally {
    await admin.end()
  }
}

/** Runs changes, numbered on from call to call. */
export class Workload {
  readonly #login: Login
  #calls = 0
  #changes = 0

  constructor(login: Login) {
    this.#login = login
  }

  /** The number of changes so far. */
  get changes(): number {
    return this.#changes
  }

  /** Resolves when the last of them has committed. */
  async run(changes: number): Promise<void> {
    const first = this.#changes + 1
    const seed = workloadSeed(this.#calls)
    this.#calls += 1
    this.#changes += changes
    await withDatabase(this.#login, (client) =>
      client.query('call workload($1, $2, $3)', [changes, seed, first]),
    )
  }

  /** Updates so many rows in one transaction; only as the first changes of a database. */
  async runOneTransaction(changes: number): Promise<void> {
    this.#changes = changes
    await withDatabase(this.#login, (client) => client.query('call one_transaction($1)', [changes]))
  }
}

/** Whether somebody reads from a slot of the database. */
export async function slotActive(login: Login): Promise<boolean> {
  const { rowCount } = await withDatabase(login, (client) =>
    client.query('select from pg_replication_slots where active and database = current_database()'),
  )
  return rowCount !== null && rowCount > 0
}

/** The process of the server that sends to the reader of the slot; undefined: nobody reads. */
export async function walSenderProcess(login: Login): Promise<number | undefined> {
  const { rows } = await withDatabase(login, (client) =>
    client.query<{ active_pid: number }>(
      'select active_pid from pg_replication_slots where active and database = current_database()',
    ),
  )
  return rows[0]?.active_pid
}

/** Calls `work` with a connection to the database, in UTC. */
export async function withDatabase<T>(
  login: Login,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connect(login, databaseName)
  try {
    await client.query("set timezone = 'UTC'")
    return await work(client)
  } finally {
    await client.end()
  }
}

async function connect(login: Login, database: string): Promise<Client> {
  const client = new Client({ ...login, database, application_name: 'bench' })
  // What breaks fails the statement that runs; unheard, it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

function templateName(rows: number): string {
  return `seed_${rows}`
}
