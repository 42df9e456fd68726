import type { Prng } from '@flinkts/core/testing'
import { Client } from 'pg'
import type { ClientConfig } from 'pg'

/**
 * Tables with the keys that are hard to cut: collated text in two columns, uuids with large values.
 */
export const workloadTables: readonly string[] = ['public.acct', 'public.person', 'public.doc']

/** Creates and fills the tables. */
export const workloadSchema = `
  create table acct (id int primary key, v int not null, pad text);
  insert into acct select g * 10, 0, repeat('p', 20) from generate_series(1, 3000) g;
  create table person (name text, nr int8, note text, primary key (name, nr));
  alter table person replica identity full;
  insert into person
    select (array['ä', 'Z', 'a', 'é€', '😀', 'b''"\\'])[1 + g % 6] || g / 40, g, 'n'
    from generate_series(1, 1000) g;
  create table doc (id uuid primary key, v int not null, body text not null);
  alter table doc alter body set storage external;
  insert into doc select gen_random_uuid(), 0, repeat(md5(g::text), 100)
    from generate_series(1, 300) g`

/** Every row of a table of the workload as one text, in no order. */
export const workloadRows: Readonly<Record<string, string>> = {
  'public.acct': `select format('%s|%s|%s', id, v, pad) as row from acct`,
  'public.person': `select format('%s|%s|%s', name, nr, note) as row from person`,
  'public.doc': `select format('%s|%s|%s', id, v, body) as row from doc`,
}

/** Sessions that change the tables at random until they are stopped. */
export class Workload {
  readonly #config: ClientConfig
  readonly #prng: Prng
  readonly #writers: Promise<void>[]
  #stopped = false
  transactionCount = 0

  constructor(config: ClientConfig, prng: Prng, writers: number) {
    this.#config = config
    this.#prng = prng
    this.#writers = Array.from({ length: writers }, () => this.#write())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#writers)
  }

  async #write(): Promise<void> {
    const client = new Client(this.#config)
    client.on('error', () => {})
    await client.connect()
    while (!this.#stopped) await this.#transaction(client)
    await client.end()
  }

  async #transaction(client: Client): Promise<void> {
    try {
      await client.query('begin')
      const statements = 1 + this.#below(5)
      for (let i = 0; i < statements; i++) await this.#statement(client)
      if (this.#below(8) === 0) await client.query('select pg_sleep($1)', [this.#below(200) / 1000])
      await client.query(this.#below(10) === 0 ? 'rollback' : 'commit')
      this.transactionCount++
    } catch {
      // Two writers met at a key: a deadlock or a duplicate.
      await client.query('rollback')
    }
  }

  async #statement(client: Client): Promise<void> {
    if (this.#below(4) === 0) await client.query('savepoint s')
    const table = this.#below(4)
    if (table < 2) await this.#changeAcct(client)
    else if (table === 2) await this.#changePerson(client)
    else await this.#changeDoc(client)
    if (this.#below(6) > 0) return
    await client.query('savepoint undone')
    await client.query('update acct set v = -1 where id = $1', [this.#below(3000) * 10])
    await client.query('rollback to undone')
  }

  async #changeAcct(client: Client): Promise<void> {
    const id = 1 + this.#below(30_000)
    const other = 1 + this.#below(30_000)
    const kind = this.#below(10)
    if (kind < 5) {
      const range = [id, id + this.#below(100)]
      await client.query('update acct set v = v + 1 where id between $1 and $2', range)
    } else if (kind < 7) {
      await client.query(`insert into acct values ($1, 1, 'i') on conflict do nothing`, [id])
    } else if (kind < 8) {
      await client.query('delete from acct where id between $1 and $2', [id, id + 30])
    } else {
      await client.query(
        `update acct set id = $2, v = v + 1 where not exists (select from acct where id = $2)
         and id = (select id from acct where id >= $1 order by id limit 1)`,
        [id, other],
      )
    }
  }

  async #changePerson(client: Client): Promise<void> {
    const nr = 1 + this.#below(1500)
    const name = ['Ä', 'z', 'A', 'ö', '🙃', 'ß\\'][this.#below(6)] ?? ''
    const kind = this.#below(4)
    if (kind === 0) await client.query('delete from person where nr = $1', [nr])
    if (kind === 1) await client.query('update person set name = $1 where nr = $2', [name, nr])
    if (kind === 2) await client.query(`update person set note = note || '.' where nr = $1`, [nr])
    if (kind === 3) {
      await client.query(`insert into person values ($1, $2, '') on conflict do nothing`, [
        name,
        nr,
      ])
    }
  }

  async #changeDoc(client: Client): Promise<void> {
    const row = `id = (select id from doc order by md5(id::text || $1) limit 1)`
    const seed = [String(this.#below(1000))]
    const kind = this.#below(5)
    if (kind < 3) await client.query(`update doc set v = v + 1 where ${row}`, seed)
    if (kind === 3) await client.query(`delete from doc where ${row}`, seed)
    if (kind === 4) {
      const insert = `insert into doc values (gen_random_uuid(), 0, repeat(md5($1), 100))`
      await client.query(insert, seed)
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#prng.next() * limit)
  }
}
