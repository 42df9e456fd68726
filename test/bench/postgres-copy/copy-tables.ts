import { Client, type QueryResultRow } from 'pg'
import type { Login } from '../postgres-server.ts'

const table = `
  create table readings (
    id bigint primary key,
    sensor int not null,
    label text not null,
    value numeric(12, 3) not null,
    valid boolean not null,
    taken timestamptz not null
  )`

const filling = `
  insert into readings
  select n, n % 1000, 'sensor ' || n % 1000 || ', reading ' || n,
    (n::bigint * 7919 % 100000000) / 1000.0, n % 17 <> 0,
    timestamptz '2026-01-01 00:00:00Z' + n * interval '1.234567 s'
  from generate_series(1, $1) n`

/** What a table holds, in two numbers. */
export interface Content {
  readonly rows: number
  readonly checksum: string
}

/** Two databases of one server, with a table each, of which one is full. */
export class CopyTables {
  readonly #login: Login
  readonly source = 'bench_source'
  readonly target = 'bench_target'

  constructor(login: Login) {
    this.#login = login
  }

  async create(rows: number): Promise<void> {
    for (const database of [this.source, this.target]) {
      await this.#run('postgres', `create database ${database}`)
      await this.#run(database, table)
    }
    await this.#run(this.source, filling, [rows])
    await this.#run(this.source, 'vacuum analyze readings')
  }

  /** An empty table to copy to, and a server that has no work left from before. */
  async reset(): Promise<void> {
    await this.#run(this.target, 'truncate readings')
    await this.#run(this.target, 'checkpoint')
  }

  async content(database: string): Promise<Content> {
    const [row] = await this.#run<Content & QueryResultRow>(
      database,
      `select count(*)::int as rows, sum(hashtextextended(readings::text, 0)::numeric) as checksum
        from readings`,
    )
    return row ?? { rows: 0, checksum: '' }
  }

  url(database: string): string {
    const { host, port, user, password } = this.#login
    return `postgres://${user}:${password}@${host}:${port}/${database}`
  }

  async #run<Row extends QueryResultRow>(
    database: string,
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    const client = new Client({ ...this.#login, database })
    await client.connect()
    try {
      return (await client.query<Row>(sql, [...values])).rows
    } finally {
      await client.end()
    }
  }
}
