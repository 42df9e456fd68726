import type { Serializer } from '@flinkts/core/connector'
import { z } from 'zod'
import { jsonSerializer } from '../state/json-serializer.ts'

/** A transaction whose records are all written, and which waits for its commit. @public */
export interface KafkaCommittable {
  readonly v: 1
  /** The cluster that has the transaction. */
  readonly clusterId: string
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly checkpointId: number
  /** Where the offset `checkpointId` tells, once it is there, that the transaction committed. */
  readonly marker: {
    readonly groupId: string
    readonly topic: string
    readonly partition: number
  }
  /** The number of records in it. */
  readonly records: number
  /** When the first record was written, in milliseconds since 1970. */
  readonly startedAtMs: number
  /** After which, from `startedAtMs` on, the cluster aborts it. */
  readonly timeoutMs: number
}

const count = z.int().nonnegative()
const text = z.string().min(1)
const schema: z.ZodType<KafkaCommittable> = z.object({
  v: z.literal(1),
  clusterId: text,
  transactionalId: text,
  producerId: count,
  producerEpoch: count,
  checkpointId: count,
  marker: z.object({ groupId: text, topic: text, partition: count }),
  records: z.int().positive(),
  startedAtMs: z.number(),
  timeoutMs: z.int().positive(),
})

/** @internal */
export const committableSerializer: Serializer<KafkaCommittable> = jsonSerializer(
  'a transaction of the Kafka sink',
  schema,
)
