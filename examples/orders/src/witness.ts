/**
 * What the database itself has to say about its changes: a replication slot of our own, read with
 * SQL, after everything is over. It knows every committed change, also those of rows that are gone
 * again.
 */
import type { Client } from 'pg'

/** A transaction of the database's log that changed one of the tables. */
export interface LoggedTransaction {
  /** The position of its commit record; grows from one transaction to the next. */
  readonly lsn: bigint
  /** Rows inserted, updated and deleted. */
  readonly changes: number
}

const name = 'witness'
const messagesMax = 50_000

/** From now on, nothing escapes the witness. */
export async function placeWitness(client: Client): Promise<void> {
  await client.query(`create publication ${name} for table customers, orders`)
  await client.query('select pg_create_logical_replication_slot($1, $2)', [name, 'pgoutput'])
}

/** Whether anybody else reads changes: the job has begun. */
export async function slotExists(client: Client): Promise<boolean> {
  const { rowCount } = await client.query(
    'select from pg_replication_slots where slot_name <> $1',
    [name],
  )
  return rowCount !== 0
}

/** The position at which the log ends: what commits from now on has a larger one. */
export async function currentLsn(client: Client): Promise<bigint> {
  const { rows } = await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn')
  return parseLsn(rows[0]?.lsn ?? '')
}

/** Position `X/Y` as a number. */
export function parseLsn(text: string): bigint {
  const [high, low] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}

/**
 * Every transaction since the witness was placed that changed a table, in the order of their
 * commits. Can be asked once.
 */
export async function hearWitness(client: Client): Promise<readonly LoggedTransaction[]> {
  const transactions: LoggedTransaction[] = []
  for (;;) {
    const { rows } = await client.query<{ lsn: string; changes: number }>(decoding)
    if (rows.length === 0) return transactions.filter(({ changes }) => changes > 0)
    for (const { lsn, changes } of rows) {
      transactions.push({ lsn: BigInt(`0x${lsn}`), changes })
    }
  }
}

/**
 * The first byte of a message of pgoutput is its kind: B(egin), whose next eight bytes are the
 * position of the commit, I(nsert), U(pdate), D(elete), T(runcate). A call of the function ends
 * only after a commit, so no transaction is cut in two.
 */
const decoding = `
  with messages as (
    select ordinality, get_byte(data, 0) as kind, substring(data from 2 for 8) as position
    from pg_logical_slot_get_binary_changes('${name}', null, ${messagesMax},
      'proto_version', '1', 'publication_names', '${name}') with ordinality
  ), numbered as (
    select kind, position, count(*) filter (where kind = ascii('B')) over (order by ordinality) as n
    from messages
  )
  select encode(max(position) filter (where kind = ascii('B')), 'hex') as lsn,
         count(*) filter (where chr(kind) in ('I', 'U', 'D', 'T'))::int as changes
  from numbered group by n order by n`
