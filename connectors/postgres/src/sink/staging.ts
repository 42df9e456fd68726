import { z } from 'zod'
import type { PostgresClient } from '../client.ts'
import { quotedTable } from '../catalog/table-catalog.ts'
import type { OwnTable } from './own-table.ts'
import type { RowBatch } from './row-batch.ts'

/**
 * The table in which batches wait until their checkpoint is complete. It is logged: what is
 * committed in it outlives a crash of the server. A batch is one row, so that its churn is small.
 *
 * @internal
 */
export function stagingTable(name: string): OwnTable {
  return { kind: 'staging', name, columns, rights: ['SELECT', 'INSERT', 'DELETE'] }
}

/** `transaction`: of which commit it is a part; `batch`: what the rows in `data` are. */
const columns = `
  transaction text COLLATE "C" NOT NULL, place int4 NOT NULL, batch text NOT NULL,
  data text NOT NULL, PRIMARY KEY (transaction, place)`

/** The place of a batch among those of a commit. @internal */
export interface StagedPlace {
  readonly transaction: string
  /** From 0. */
  readonly place: number
}

/** @throws FlinktsError as `PostgresClient.query` @internal */
export async function stageBatch(
  client: PostgresClient,
  staging: string,
  { transaction, place, batch }: StagedPlace & { readonly batch: RowBatch },
): Promise<void> {
  const { header, data } = textsOf(batch)
  await client.query(
    `INSERT INTO ${quotedTable(staging)} (transaction, place, batch, data)
     VALUES ($1, $2, $3, $4)`,
    [transaction, String(place), JSON.stringify(header), data],
  )
}

function textsOf(batch: RowBatch): { readonly header: object; readonly data: string } {
  if (batch.operation === 'insert') {
    const { text: data, ...header } = batch
    return { header, data }
  }
  const { values, ...header } = batch
  return { header, data: JSON.stringify(values) }
}

const names = z.array(z.string())
const parts = { table: z.string(), columns: names, rows: z.int().positive() }
const headerSchema = z.discriminatedUnion('operation', [
  z.object({ ...parts, operation: z.literal('insert') }),
  z.object({ ...parts, operation: z.enum(['upsert', 'delete']), key: names }),
])

/** Removes a batch, and returns it; undefined: it is not there. @internal */
export async function takeBatch(
  client: PostgresClient,
  staging: string,
  { transaction, place }: StagedPlace,
): Promise<RowBatch | undefined> {
  const [row] = await client.query(
    `DELETE FROM ${quotedTable(staging)} WHERE transaction = $1 AND place = $2
     RETURNING batch, data`,
    [transaction, String(place)],
  )
  if (row === undefined) return undefined
  const header = headerSchema.parse(JSON.parse(row['batch'] ?? ''))
  const data = row['data'] ?? ''
  if (header.operation === 'insert') return { ...header, text: data }
  return { ...header, values: names.parse(JSON.parse(data)) }
}

/** The names of all commits that have batches there. @internal */
export async function stagedTransactions(
  client: PostgresClient,
  staging: string,
): Promise<readonly string[]> {
  const rows = await client.query(
    `SELECT DISTINCT transaction FROM ${quotedTable(staging)} ORDER BY transaction`,
  )
  return rows.map((row) => row['transaction'] ?? '')
}

/** @internal */
export async function removeStaged(
  client: PostgresClient,
  staging: string,
  transaction: string,
): Promise<void> {
  await client.query(`DELETE FROM ${quotedTable(staging)} WHERE transaction = $1`, [transaction])
}
