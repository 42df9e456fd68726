import type { Serializer, SourceSplit } from '@flinkts/core/connector'
import { z } from 'zod'
import { jsonSerializer } from './state/json-serializer.ts'

/** A partition of a topic, and where in it the reader is. @public */
export interface KafkaSplit extends SourceSplit {
  readonly topic: string
  /** Tells the topic from one that gets its name later; undefined: the broker names none. */
  readonly topicId?: string | undefined
  /** From 0. */
  readonly partition: number
  /** Of the next record to emit (inclusive). */
  readonly nextOffset: number
  /** Of the last record that was read; -1: unknown. */
  readonly leaderEpoch: number
  /** Where the split ends (exclusive); undefined: never. */
  readonly stopOffset?: number | undefined
}

const offset = z.int().min(0)

/** Splits of version 1. @internal */
export const splitSchema: z.ZodType<KafkaSplit> = z.object({
  splitId: z.string().min(1),
  topic: z.string().min(1),
  topicId: z.string().optional(),
  partition: z.int().min(0),
  nextOffset: offset,
  leaderEpoch: z.int().min(-1),
  stopOffset: offset.optional(),
})

/** @internal */
export const splitSerializer: Serializer<KafkaSplit> = jsonSerializer(
  'a split of a Kafka source',
  splitSchema,
)

/** Names of topics have no colon. @internal */
export function splitIdOf(topic: string, partition: number): string {
  return `${topic}:${partition}`
}
