import { FlinktsError } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import { quoteIdentifier } from '../records/relation.ts'
import type { InsertBatch, KeyedBatch, RowBatch } from './row-batch.ts'
import { writableColumn } from './target-table.ts'
import type { TargetColumn, TargetTable } from './target-table.ts'
import type { TargetTables } from './target-tables.ts'

/**
 * Writes a batch, in the open transaction if there is one: inserts by COPY, the rest by statements
 * that take each column as an array. (Copies into a temporary table, and from there, are about as
 * fast; but a transaction that has touched one cannot be prepared.)
 *
 * @throws FlinktsError FLINKTS_POSTGRES_VALUE_MISSING, and as `PostgresClient.copyIn`
 * @internal
 */
export async function writeBatch(
  client: PostgresClient,
  batch: RowBatch,
  targets: TargetTables,
): Promise<void> {
  if (batch.operation === 'insert') return copy(client, batch)
  const target = await targets.describe(client, batch.table)
  if (batch.operation === 'delete') {
    await client.query(deleteStatement(target, batch), batch.values)
    return
  }
  if (mayInsert(target, batch)) {
    await client.query(upsertStatement(target, batch), batch.values)
    return
  }
  const [row] = await client.query(updateStatement(target, batch), batch.values)
  const missing = Number(row?.['missing'])
  if (missing > 0) throw rowsMissing(target, batch, missing)
}

async function copy(client: PostgresClient, batch: InsertBatch): Promise<void> {
  const { table, columns, text } = batch
  const names = columns.map(quoteIdentifier).join(', ')
  const sql = `COPY ${quotedTable(table)} (${names}) FROM STDIN`
  await client.copyIn(sql, Buffer.from(text), `writing to the table "${table}"`)
}

/** Whether its rows bring all that a new row needs. */
function mayInsert(target: TargetTable, { columns }: KeyedBatch): boolean {
  return [...target.columns.values()].every(
    ({ name, required }) => !required || columns.includes(name),
  )
}

function upsertStatement(target: TargetTable, batch: KeyedBatch): string {
  const columns = columnsOf(target, batch)
  const names = columns.map(({ name }) => quoteIdentifier(name)).join(', ')
  const key = batch.key.map(quoteIdentifier).join(', ')
  const changes = changed(columns, batch).map(
    (name) => `${quoteIdentifier(name)} = excluded.${quoteIdentifier(name)}`,
  )
  const resolution = changes.length === 0 ? 'NOTHING' : `UPDATE SET ${changes.join(', ')}`
  return `INSERT INTO ${quotedTable(batch.table)} (${names}) OVERRIDING SYSTEM VALUE
    SELECT ${names} FROM (${lastRows(columns, batch)}) u
    ON CONFLICT (${key}) DO ${resolution}`
}

/** For rows of which a column is missing that a new row needs: they have to be there. */
function updateStatement(target: TargetTable, batch: KeyedBatch): string {
  const columns = columnsOf(target, batch)
  const changes = changed(columns, batch).map(
    (name) => `${quoteIdentifier(name)} = u.${quoteIdentifier(name)}`,
  )
  const update =
    changes.length === 0
      ? `SELECT FROM ${quotedTable(batch.table)} t JOIN u ON ${matching(batch)}`
      : `UPDATE ${quotedTable(batch.table)} t SET ${changes.join(', ')} FROM u
         WHERE ${matching(batch)} RETURNING 1`
  return `WITH u AS MATERIALIZED (${lastRows(columns, batch)}), done AS (${update})
    SELECT (SELECT count(*) FROM u) - (SELECT count(*) FROM done) AS missing`
}

function deleteStatement(target: TargetTable, batch: KeyedBatch): string {
  const columns = columnsOf(target, batch)
  return `DELETE FROM ${quotedTable(batch.table)} t
    USING (${lastRows(columns, batch)}) u WHERE ${matching(batch)}`
}

/**
 * The rows of the arrays, ordered by key, so that nobody who does the same waits for us in a
 * circle. Keys that were told apart here, and are equal to Postgres (1.0 and 1.00), are one: the
 * last.
 */
function lastRows(columns: readonly TargetColumn[], { key }: KeyedBatch): string {
  const inputs = columns.map(({ inArray }, index) => `$${index + 1}::${inArray}`)
  const names = columns.map((_column, index) => `v${index}`)
  const values = columns.map(({ name, plainType }, index) => {
    return `v${index}::${plainType} AS ${quoteIdentifier(name)}`
  })
  const keyed = columns.flatMap(({ name }, index) => (key.includes(name) ? [`v${index}`] : []))
  return `SELECT DISTINCT ON (${keyed.join(', ')}) ${values.join(', ')}
    FROM unnest(${inputs.join(', ')}) WITH ORDINALITY AS v(${names.join(', ')}, place)
    ORDER BY ${keyed.join(', ')}, place DESC`
}

function matching({ key }: KeyedBatch): string {
  return key.map((name) => `t.${quoteIdentifier(name)} = u.${quoteIdentifier(name)}`).join(' AND ')
}

/** The columns that an existing row gets: not its key, and none that only Postgres may set. */
function changed(columns: readonly TargetColumn[], { key }: KeyedBatch): readonly string[] {
  return columns.filter(({ name, fixed }) => !fixed && !key.includes(name)).map(({ name }) => name)
}

function columnsOf(target: TargetTable, { columns }: KeyedBatch): readonly TargetColumn[] {
  return columns.map((name) => writableColumn(target, name))
}

function rowsMissing(target: TargetTable, batch: KeyedBatch, missing: number): FlinktsError {
  const lacking = [...target.columns.values()]
    .filter(({ name, required }) => required && !batch.columns.includes(name))
    .map(({ name }) => `"${name}"`)
  const message =
    `${missing} rows for table "${target.table}" are not there yet, and bring no value for ` +
    `${lacking.join(', ')}, which may not be null`
  return new FlinktsError('FLINKTS_POSTGRES_VALUE_MISSING', message, {
    hint:
      'Give every column a value. Changes of another database leave out large values that an ' +
      'update did not change: with REPLICA IDENTITY FULL there, they are complete.',
  })
}
