import type { Serializer } from '@flinkts/core/connector'
import { z } from 'zod'
import { jsonSerializer } from '../state/json-serializer.ts'

/** A prepared transaction, and the row of the ledger that it holds. @public */
export interface PostgresCommittable {
  /** The name (gid) of the transaction. */
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
  transaction: z.string().min(1),
  jobId: z.string().min(1),
  operatorId: z.string().min(1),
  subtask: count,
  checkpointId: count,
  rows: count,
})

/** @internal */
export const committableSerializer: Serializer<PostgresCommittable> = jsonSerializer(
  'a prepared transaction',
  (value): value is PostgresCommittable => schema.safeParse(value).success,
)
