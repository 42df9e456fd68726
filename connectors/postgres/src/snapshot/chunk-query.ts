import type { PostgresClient } from '../client.ts'
import type { Relation } from '../records/relation.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'
import type { RowStream } from '../protocol/row-stream.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import type { SnapshotSplit } from '../split.ts'
import { describeTable, quotedTable } from '../catalog/table-catalog.ts'
import type { KeyText } from './key-order.ts'
import { keyCondition, orderList } from './key-order.ts'

/** What a chunk needs to be read from one query. @internal */
export interface OpenChunk {
  readonly rows: RowStream
  /** What the query sees. */
  readonly snapshot: string
}

/**
 * Opens a transaction and starts the COPY of what is left of a chunk, in the order of the key. The
 * table is locked (ACCESS SHARE, as every SELECT does) before the snapshot is taken: a TRUNCATE or
 * a rewriting ALTER TABLE between the two would make the table look empty.
 *
 * @param after - The last key that was read before; undefined: none.
 * @internal
 */
export async function openChunk(
  client: PostgresClient,
  context: SourceContext,
  split: SnapshotSplit,
  after: KeyText | undefined,
): Promise<OpenChunk> {
  // With row security on, rows would be missing without an error.
  const [row] = await client.query(`
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL row_security = off;
    LOCK TABLE ONLY ${quotedTable(split.table)} IN ACCESS SHARE MODE;
    SELECT pg_current_snapshot() AS snapshot`)
  const { relation } = await describeTable(client, split.table)
  const published = await publishedPart(client, context, relation)
  const oids = published.relation.columns.map((column) => column.typeOid)
  await context.types.load(client, oids)
  const query = chunkQuery(split, after, published)
  const rows = client.copyRows(`COPY (${query}) TO STDOUT`, published.relation)
  return { rows, snapshot: row?.['snapshot'] ?? '' }
}

interface PublishedPart {
  readonly relation: Relation
  /** The publication's row filter; undefined: none. */
  readonly rowFilter: string | undefined
}

/**
 * A publication may have a list of columns and a filter of rows (since 15): the snapshot follows
 * it.
 */
async function publishedPart(
  client: PostgresClient,
  context: SourceContext,
  relation: Relation,
): Promise<PublishedPart> {
  if (context.options.mode === 'snapshot-only') return { relation, rowFilter: undefined }
  const [row] = await client.query(`
    SELECT to_jsonb(p) ->> 'rowfilter' AS filter, to_jsonb(p) ->> 'attnames' AS columns
    FROM pg_publication_tables p
    WHERE pubname = ${quoteLiteral(context.publication)}
      AND schemaname = ${quoteLiteral(relation.schema)}
      AND tablename = ${quoteLiteral(relation.name)}`)
  const rowFilter = row?.['filter'] ?? undefined
  const listed: unknown = JSON.parse(row?.['columns'] ?? 'null')
  if (!Array.isArray(listed)) return { relation, rowFilter }
  const columns = relation.columns.filter((column) => listed.includes(column.name))
  return { relation: { ...relation, columns }, rowFilter }
}

function chunkQuery(
  split: SnapshotSplit,
  after: KeyText | undefined,
  published: PublishedPart,
): string {
  const { key, lower, upper } = split
  const conditions: string[] = []
  if (after !== undefined) conditions.push(keyCondition(key, '>', after))
  else if (lower !== undefined) conditions.push(keyCondition(key, '>=', lower))
  if (upper !== undefined) conditions.push(keyCondition(key, '<', upper))
  if (published.rowFilter !== undefined) conditions.push(`(${published.rowFilter})`)
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const columns = published.relation.columns.map((column) => quoteIdentifier(column.name))
  return (
    `SELECT ${columns.join(', ')} FROM ONLY ${quotedTable(split.table)}${where} ` +
    `ORDER BY ${orderList(key)}`
  )
}
