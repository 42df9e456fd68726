import type { PostgresClient } from '../client.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import { quoteIdentifier } from '../records/relation.ts'

/** Rows of one table that one statement writes: plain data, as it may be staged. @internal */
export interface RowBatch {
  /** `schema.name` */
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: number
  /** In the text format of COPY. */
  readonly text: string
}

/** @throws FlinktsError as `PostgresClient.copyIn` @internal */
export async function writeBatch(client: PostgresClient, batch: RowBatch): Promise<void> {
  const { table, columns, text } = batch
  const what = `writing to the table "${table}"`
  await client.copyIn(copyStatement(table, columns), Buffer.from(text), what)
}

/** `COPY t (a, b) FROM STDIN`. */
function copyStatement(table: string, columns: readonly string[]): string {
  return `COPY ${quotedTable(table)} (${columns.map(quoteIdentifier).join(', ')}) FROM STDIN`
}
