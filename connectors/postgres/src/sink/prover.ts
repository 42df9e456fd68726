import { randomBytes } from 'node:crypto'
import { FlinktsError } from '@flinkts/core/connector'
import type { CommittedRecord, Sink, SinkProver } from '@flinkts/core/connector'
import type { PostgresClient, PostgresDriver, SqlRow } from '../client.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import { qualified } from '../options.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'
import { TypeCatalog } from '../values/type-catalog.ts'
import type { ResolvedPostgresSinkOptions } from './options.ts'

const cleanAttemptsMax = 5
const lockTimeoutMs = 2000

/**
 * Proves a sink on empty tables like the real ones, in a schema of their own that is the copy. What
 * is in them is read by plain SQL.
 *
 * @internal
 */
export class PostgresSinkProver<In extends object> implements SinkProver<In> {
  readonly #options: ResolvedPostgresSinkOptions<In>
  readonly #driver: PostgresDriver
  readonly #sinkOf: (options: ResolvedPostgresSinkOptions<In>) => Sink<In>

  constructor(
    options: ResolvedPostgresSinkOptions<In>,
    driver: PostgresDriver,
    sinkOf: (options: ResolvedPostgresSinkOptions<In>) => Sink<In>,
  ) {
    this.#options = options
    this.#driver = driver
    this.#sinkOf = sinkOf
  }

  /** @throws FlinktsError FLINKTS_PROVE_UNSUPPORTED if the tables are not known */
  setup(): Promise<string> {
    const { tables } = this.#options
    if (tables.length === 0) throw unknownTables('the tables of the sink are not known')
    const copy = `flinkts_prove_${randomBytes(6).toString('hex')}`
    return this.#withClient(async (client) => {
      const statements = [...this.#copies(copy)].map(
        ([table, copied]) =>
          `CREATE TABLE ${quotedTable(copied)} (LIKE ${quotedTable(table)} INCLUDING ALL)`,
      )
      // Sent together, they are one transaction.
      await client.query([`CREATE SCHEMA ${quoteIdentifier(copy)}`, ...statements].join(';\n'))
      for (const copied of this.#copies(copy).values()) await ownSequences(client, copy, copied)
      return copy
    })
  }

  createSink(copy: string): Sink<In> {
    const copies = this.#copies(copy)
    const { tableOf, changesOf } = this.#options
    const copyOf = (table: string): string => {
      const copied = copies.get(qualified(table))
      if (copied === undefined) throw unknownTables(`there is no copy of the table "${table}"`)
      return copied
    }
    return this.#sinkOf({
      ...this.#options,
      tables: [...copies.values()],
      tableOf: (record) => copyOf(tableOf(record)),
      changesOf:
        changesOf === undefined
          ? undefined
          : (record) =>
              changesOf(record).map((change) => {
                return change.table === undefined
                  ? change
                  : { ...change, table: copyOf(change.table) }
              }),
      ledger: `${copy}.flinkts_ledger`,
      staging: stagingOf(copy),
    })
  }

  readCommitted(copy: string): Promise<readonly CommittedRecord[]> {
    const copies = [...this.#copies(copy)]
    return this.#withClient(async (client) => {
      const records: CommittedRecord[] = []
      for (const [table, copied] of copies) {
        const prefix = copies.length === 1 ? '' : `${table}: `
        records.push(...(await rowsOf(client, copied, prefix)))
      }
      return records
    })
  }

  leavesOut(copy: string): Promise<readonly string[]> {
    return this.#withClient(async (client) => {
      const found: string[] = []
      for (const [table, copied] of this.#copies(copy)) {
        const columns = await columnsOf(client, copied)
        const names = columns.filter(({ compared }) => !compared).map(({ name }) => `"${name}"`)
        if (names.length > 0) {
          found.push(`${names.join(', ')} of ${table}: their defaults differ from run to run`)
        }
      }
      return found
    })
  }

  listInFlight(copy: string): Promise<readonly string[]> {
    return this.#withClient(async (client) => [
      ...(await preparedIn(client, copy)),
      ...(await stagedIn(client, copy)),
    ])
  }

  /** What a killed process has begun may still go on in the server for a moment. */
  clean(copy: string): Promise<void> {
    return this.#withClient(async (client) => {
      await client.query(`SET lock_timeout = ${lockTimeoutMs}`)
      for (let attempt = 1; ; attempt += 1) {
        await endOthers(client, copy)
        for (const name of await preparedIn(client, copy)) {
          await client.execute(`ROLLBACK PREPARED ${quoteLiteral(name)}`)
        }
        try {
          await client.execute(`DROP SCHEMA IF EXISTS ${quoteIdentifier(copy)} CASCADE`)
          return
        } catch (failure) {
          if (attempt === cleanAttemptsMax) throw failure
        }
      }
    })
  }

  /** The tables of a copy, by the names of those that they are like. */
  #copies(copy: string): ReadonlyMap<string, string> {
    return new Map(this.#options.tables.map((table, index) => [table, `${copy}.t${index}`]))
  }

  async #withClient<T>(action: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = await this.#driver.connect(this.#options.connection, {
      applicationName: 'flinkts/prove',
      types: new TypeCatalog(),
    })
    try {
      return await action(client)
    } finally {
      await client.close()
    }
  }
}

function stagingOf(copy: string): string {
  return `${copy}.flinkts_staging`
}

/** Defaults must not draw from the sequences of the real table. */
async function ownSequences(client: PostgresClient, copy: string, table: string): Promise<void> {
  const drawing = await client.query(
    `SELECT a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS expression,
       quote_literal(s.oid::regclass::text) AS sequence
     FROM pg_attrdef d
     JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
     JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
       AND p.refclassid = 'pg_class'::regclass
     JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S'
     WHERE d.adrelid = ${quoteLiteral(quotedTable(table))}::regclass`,
  )
  for (const [index, row] of drawing.entries()) {
    const own = quotedTable(`${copy}.${table.slice(copy.length + 1)}_s${index}`)
    const expression = textOf(row, 'expression').replaceAll(
      textOf(row, 'sequence'),
      quoteLiteral(own),
    )
    await client.query(
      `CREATE SEQUENCE ${own};
       ALTER TABLE ${quotedTable(table)} ALTER COLUMN ${quoteIdentifier(textOf(row, 'name'))}
         SET DEFAULT ${expression}`,
    )
  }
}

interface CopiedColumn {
  readonly name: string
  readonly inKey: boolean
  /** Whether its value follows from the input. */
  readonly compared: boolean
}

/** A default that is the same in every run: a literal, maybe with a type. */
const constant = /^(NULL|true|false|\(?-?[\d.]+\)?|B?'([^']|'')*')(::["\w ,.()[\]]+)?$/i

async function columnsOf(client: PostgresClient, table: string): Promise<readonly CopiedColumn[]> {
  const rows = await client.query(
    `SELECT a.attname AS name, a.attidentity <> '' AS identity,
       CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS expression,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary
         AND a.attnum = ANY (i.indkey)) AS in_key
     FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = ${quoteLiteral(quotedTable(table))}::regclass
       AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum`,
  )
  return rows.map((row) => {
    const expression = row['expression'] ?? undefined
    const compared =
      row['identity'] !== 't' && (expression === undefined || constant.test(expression))
    return { name: textOf(row, 'name'), inKey: row['in_key'] === 't', compared }
  })
}

async function rowsOf(
  client: PostgresClient,
  table: string,
  prefix: string,
): Promise<readonly CommittedRecord[]> {
  const columns = await columnsOf(client, table)
  const compared = columns.filter((column) => column.compared).map(({ name }) => name)
  const inKey = columns.filter((column) => column.inKey)
  const keyed = inKey.length > 0 && inKey.every((column) => column.compared)
  const list = compared.map(quoteIdentifier).join(', ')
  const rows = await client.query(`SELECT ${list} FROM ${quotedTable(table)}`)
  return rows.map((row) => {
    const text = `${prefix}${JSON.stringify(row)}`
    if (!keyed) return { text }
    const values = inKey.map(({ name }) => row[name] ?? '')
    return { key: `${prefix}${JSON.stringify(values)}`, text }
  })
}

/**
 * Prepared transactions that hold a lock in the schema: those that wrote there. All locks of one
 * have the same virtual transaction, that on its own id among them.
 */
async function preparedIn(client: PostgresClient, copy: string): Promise<readonly string[]> {
  const rows = await client.query(
    `SELECT DISTINCT p.gid AS name FROM pg_prepared_xacts p
     JOIN pg_locks own ON own.transactionid = p.transaction AND own.pid IS NULL
     JOIN pg_locks l ON l.virtualtransaction = own.virtualtransaction AND l.pid IS NULL
     ${lockedIn(copy)}
     WHERE p.database = current_database() ORDER BY name`,
  )
  return rows.map((row) => textOf(row, 'name'))
}

async function endOthers(client: PostgresClient, copy: string): Promise<void> {
  await client.query(
    `SELECT pg_terminate_backend(pid) FROM (
       SELECT DISTINCT l.pid FROM pg_locks l ${lockedIn(copy)}
       WHERE l.pid IS NOT NULL AND l.pid <> pg_backend_pid()
     ) others`,
  )
}

function lockedIn(copy: string): string {
  return `JOIN pg_class c ON c.oid = l.relation
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = ${quoteLiteral(copy)}`
}

async function stagedIn(client: PostgresClient, copy: string): Promise<readonly string[]> {
  const staging = quotedTable(stagingOf(copy))
  const [row] = await client.query(
    `SELECT to_regclass(${quoteLiteral(staging)}) IS NOT NULL AS found`,
  )
  if (row?.['found'] !== 't') return []
  const rows = await client.query(`SELECT DISTINCT transaction AS name FROM ${staging} ORDER BY 1`)
  return rows.map((staged) => `staged ${textOf(staged, 'name')}`)
}

function textOf(row: SqlRow, column: string): string {
  return row[column] ?? ''
}

function unknownTables(problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_PROVE_UNSUPPORTED', problem, {
    hint: 'Name all tables that the sink writes to in its option "tables": they are copied.',
  })
}
