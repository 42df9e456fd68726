import type { Serializer } from '@flinkts/core/connector'
import { z } from 'zod'
import { jsonSerializer } from '../state/json-serializer.ts'

/** Rows that are held back, and the row of the ledger that is written with them. @public */
export interface PostgresCommittable {
  /** Where: in a prepared transaction, or in the staging table. */
  readonly held: 'prepared' | 'staged'
  /** The name (gid) of the transaction; what is staged is found by a name of the same form. */
  readonly transaction: string
  /** With the following three: the key of the row in the ledger. */
  readonly jobId: string
  readonly operatorId: string
  readonly subtask: number
  readonly checkpointId: number
  /** The number of rows in it. */
  readonly rows: number
}

const count = z.int().nonnegative()
const schema: z.ZodType<PostgresCommittable> = z.object({
  held: z.enum(['prepared', 'staged']),
  transaction: z.string().min(1),
  jobId: z.string().min(1),
  operatorId: z.string().min(1),
  subtask: count,
  checkpointId: count,
  rows: count,
})

/** @internal */
export const committableSerializer: Serializer<PostgresCommittable> = jsonSerializer(
  'what the Postgres sink holds back',
  (value): value is PostgresCommittable => schema.safeParse(value).success,
)
