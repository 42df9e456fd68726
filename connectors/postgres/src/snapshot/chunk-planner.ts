import type { Row } from '../records/change.ts'
import type { PostgresClient } from '../client.ts'
import { quoteIdentifier } from '../records/relation.ts'
import type { RowStream } from '../protocol/row-stream.ts'
import type { TableDescription } from '../catalog/table-catalog.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import type { KeyColumn, KeyText } from './key-order.ts'
import { keyOf, keyText, orderList } from './key-order.ts'

/** Chunks of a table at most; larger tables get larger chunks. */
const chunksMax = 10_000

/**
 * Chunks of a table whose key has no fitting index, at most: each costs a scan of the table.
 */
const scannedChunksMax = 8

/** Pages that a plan reads, at most; about 8 MB. */
const samplePagesMax = 1_000
const pageBytes = 8_192

/**
 * The keys at which a table is cut into chunks of about `chunkRows` rows (at least 1), ascending:
 * chunk i goes from bound i-1 (inclusive) to bound i (exclusive), the first and the last one are
 * open. Taken from a sample of pages, so it costs milliseconds for any table; uneven chunks cost
 * time, never correctness. The types of the key must be loaded.
 *
 * @internal
 */
export async function planChunks(
  client: PostgresClient,
  table: TableDescription,
  chunkRows: number,
): Promise<readonly KeyText[]> {
  const pages = Math.max(1, Math.ceil(table.sizeBytes / pageBytes))
  const percent = Math.min(100, (100 * samplePagesMax) / pages)
  const columns = table.key.flatMap(({ name }) =>
    table.relation.columns.filter((column) => column.name === name),
  )
  const query = `COPY (${boundQuery(table, percent, chunkRows)}) TO STDOUT`
  const rows = await rowsOf(client.copyRows(query, { ...table.relation, columns }))
  return rows.map((row) => keyText(keyOf(table.key, row)))
}

async function rowsOf(stream: RowStream): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (;;) {
    const status = stream.poll((row) => rows.push(row) > 0)
    if (status === 'ended') return rows
    if (status === 'nothing-available') await stream.available()
  }
}

function boundQuery(table: TableDescription, percent: number, chunkRows: number): string {
  const { key } = table
  const columns = key.map((column, index) => `${quoteIdentifier(column.name)} AS k${index}`)
  const outputs = key.map((_, index) => `k${index}`).join(', ')
  const rowsOfChunk = Math.max(1, chunkRows * (percent / 100))
  return `
SELECT ${outputs} FROM (
  SELECT ${columns.join(', ')}, row_number() OVER (ORDER BY ${orderList(key)}) - 1 AS place,
    count(*) OVER () AS total
  FROM ONLY ${quotedTable(table.relation.table)} TABLESAMPLE SYSTEM (${percent})
) AS sampled, LATERAL (
  SELECT greatest(1, least(${chunkLimit(key)}, ceil(total::float8 / ${rowsOfChunk})))::int8
    AS chunks
) AS plan
WHERE place > 0 AND place * chunks / total <> (place - 1) * chunks / total
ORDER BY place`
}

function chunkLimit(key: readonly KeyColumn[]): number {
  const [first] = key
  const scanned = first?.order === 'collated-text' || first?.order === 'output'
  return scanned ? scannedChunksMax : chunksMax
}
