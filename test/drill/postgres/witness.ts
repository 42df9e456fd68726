import type { PostgresConnection } from '@flinkts/test-services'
import { Client, type QueryResultRow } from 'pg'
import { type CopiedChange, judge, type Verdict, type WrittenChange } from './verdict.ts'

/** What the job does, as far as the server can tell. */
export const phases = [
  'starting',
  'preparing',
  'reading rows',
  'streaming',
  'recovering the stream',
] as const
export type Phase = (typeof phases)[number]

/** What was found at the end. */
export interface Findings extends Verdict {
  readonly rows: number
  readonly changes: number
  /** Transactions that nobody has ended, prepared or staged. */
  readonly held: number
}

interface View {
  readonly connections: number
  readonly slots: number
  /** Whoever creates a slot holds it, too, but streams nothing yet. */
  readonly streams: number
}

/** Looks at both databases from outside, in plain SQL: shares no code with the job. */
export class Witness implements AsyncDisposable {
  readonly #source: Client
  readonly #target: Client
  #streamedSince: number | undefined

  static async open(source: PostgresConnection, target: PostgresConnection): Promise<Witness> {
    return new Witness(await connected(source), await connected(target))
  }

  private constructor(source: Client, target: Client) {
    this.#source = source
    this.#target = target
  }

  /** @param startedAt - When the process was started, in milliseconds since 1970. */
  async phase(startedAt: number): Promise<Phase> {
    const [view] = await rowsOf<View>(
      this.#source,
      `select
        (select count(*)::int from pg_stat_activity where application_name like 'flinkts%'
          and backend_start > to_timestamp($1)) as connections,
        (select count(*)::int from pg_replication_slots
          where database = current_database()) as slots,
        (select count(*)::int from pg_stat_replication r
          join pg_replication_slots s on s.active_pid = r.pid
          where s.database = current_database() and r.backend_start > to_timestamp($1)
            and r.state <> 'startup') as streams`,
      [startedAt / 1000],
    )
    const { connections, slots, streams } = view ?? { connections: 0, slots: 0, streams: 0 }
    if (streams > 0) {
      // All rows have been read then: what is written from now on comes by the stream.
      this.#streamedSince ??= await this.#lastEntry()
      return 'streaming'
    }
    if (connections === 0) return 'starting'
    if (slots === 0) return 'preparing'
    return this.#streamedSince === undefined ? 'reading rows' : 'recovering the stream'
  }

  /** Transactions that wait for their commit, prepared or staged. */
  async heldCount(): Promise<number> {
    const prepared = await rowsOf(
      this.#target,
      'select from pg_prepared_xacts where database = current_database()',
    )
    if (!(await this.#exists('flinkts_staging'))) return prepared.length
    const staged = await rowsOf(
      this.#target,
      'select distinct transaction from public.flinkts_staging',
    )
    return prepared.length + staged.length
  }

  /** @throws Error if what is visible is not what the ledger says and said, or if it only grows. */
  async checkLedger(): Promise<void> {
    const [sums] = await rowsOf<{ rows: number; noted: number; jobs: number; kept: number }>(
      this.#target,
      `with account as (select * from flinkts_ledger union all select * from forgotten)
        select (select count(*)::int from copied) as rows,
          (select coalesce(sum(rows), 0)::int from account) as noted,
          (select count(distinct job_id)::int from account) as jobs,
          (select count(*)::int from flinkts_ledger) as kept`,
    )
    const isRight = sums !== undefined && sums.rows === sums.noted && sums.jobs <= 1
    if (isRight && sums.kept <= ledgerRowsMax) return
    throw new Error(`the ledger does not say what is there: ${JSON.stringify(sums)}`)
  }

  async isCopied(id: number): Promise<boolean> {
    const rows = await rowsOf(this.#target, 'select from copied where id = $1', [id])
    return rows.length > 0
  }

  async findings(): Promise<Findings> {
    const written = await rowsOf<WrittenChange>(
      this.#source,
      'select entry::int, operation, id::int, change::int, content from written',
    )
    const copied = await rowsOf<CopiedChange>(
      this.#target,
      `select operation, id::int, change::int, row(owner, balance, tags, touched)::text as content
        from copied order by lsn, position nulls first`,
    )
    const verdict = judge(written, copied, this.#streamedSince ?? Number.POSITIVE_INFINITY)
    const rows = copied.filter(({ operation }) => operation === 'snapshot').length
    const held = await this.heldCount()
    return { ...verdict, rows, changes: copied.length - rows, held }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#source.end(), this.#target.end()])
  }

  async #exists(table: string): Promise<boolean> {
    const [found] = await rowsOf<{ there: boolean }>(
      this.#target,
      `select to_regclass('public.' || $1) is not null as there`,
      [table],
    )
    return found?.there === true
  }

  async #lastEntry(): Promise<number> {
    const [row] = await rowsOf<{ entry: number }>(
      this.#source,
      `select last_value::int as entry from written_entry_seq`,
    )
    return row?.entry ?? 0
  }
}

async function connected(connection: PostgresConnection): Promise<Client> {
  const client = new Client({ ...connection })
  // What breaks fails the statement that runs; unheard, it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function rowsOf<Row extends QueryResultRow>(
  client: Client,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return (await client.query<Row>(sql, [...values])).rows
}

/** The job removes those of each subtask about a hundred checkpoints at a time. */
const ledgerRowsMax = 400
