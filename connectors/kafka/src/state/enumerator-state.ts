import type { Serializer } from '@flinkts/core/connector'
import { z } from 'zod'
import { type KafkaSplit, splitSchema } from '../split.ts'
import { jsonSerializer } from './json-serializer.ts'

/** A partition that the source reads, has read, or is to read. @internal */
export interface KnownPartition {
  readonly topic: string
  readonly topicId?: string | undefined
  readonly partition: number
  /** Whether it was there at the first start: the options say where such ones begin. */
  readonly initial: boolean
  /** Whether it became a split: where that begins is decided once. */
  readonly resolved: boolean
}

/** What of the enumerator is in checkpoints. @internal */
export interface EnumeratorState {
  readonly partitions: readonly KnownPartition[]
  /** Splits that no reader has yet. */
  readonly unassigned: readonly KafkaSplit[]
}

const partitionSchema: z.ZodType<KnownPartition> = z.object({
  topic: z.string().min(1),
  topicId: z.string().optional(),
  partition: z.int().min(0),
  initial: z.boolean(),
  resolved: z.boolean(),
})

/** @internal */
export const enumeratorStateSerializer: Serializer<EnumeratorState> = jsonSerializer(
  'the state of the enumerator of a Kafka source',
  z.object({ partitions: z.array(partitionSchema), unassigned: z.array(splitSchema) }),
)
