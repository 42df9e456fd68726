import { FlinktsError } from '@flinkts/core/connector'
import type { RecordHeader } from '../records/record-batch.ts'

/** A record to be written. @internal */
export interface ProducerRecord {
  readonly topic: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  /** In their order; names may repeat. */
  readonly headers: readonly RecordHeader[]
  /** Milliseconds since 1970; -1: none. */
  readonly timestamp: number
  /** Undefined: the partitioner chooses. */
  readonly partition: number | undefined
}

/**
 * Chooses the partition of a record.
 *
 * @returns 0 (inclusive) to `partitionCount` (exclusive)
 * @internal
 */
export type Partitioner = (record: ProducerRecord, partitionCount: number) => number

const seed = 0x9747b28c
const multiplier = 0x5bd1e995
const shift = 24

/**
 * MurmurHash2 of 32 bits, with the seed that Kafka's client for Java uses.
 *
 * @returns a signed number of 32 bits
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash2.cpp
 * @internal
 */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes
  let hash = seed ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let word = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8)
    word |= (byteAt(bytes, at + 2) << 16) | (byteAt(bytes, at + 3) << 24)
    word = Math.imul(word, multiplier)
    word = Math.imul(word ^ (word >>> shift), multiplier)
    hash = Math.imul(hash, multiplier) ^ word
  }
  if (at < length) {
    let word = 0
    for (let last = length - 1; last >= at; last -= 1) word = (word << 8) | byteAt(bytes, last)
    hash = Math.imul(hash ^ word, multiplier)
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier)
  return hash ^ (hash >>> 15)
}

/** The partition of a key, as Kafka's client for Java chooses it. @internal */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}

/**
 * The partition, if the topic has it.
 *
 * @param chooser - Who chose it, for the message.
 * @throws FlinktsError FLINKTS_KAFKA_PARTITION_INVALID
 * @internal
 */
export function checkedPartition(
  chosen: number,
  place: { readonly topic: string; readonly partitionCount: number },
  chooser: 'partitioner' | 'record',
): number {
  const { topic, partitionCount } = place
  if (Number.isInteger(chosen) && chosen >= 0 && chosen < partitionCount) return chosen
  throw new FlinktsError(
    'FLINKTS_KAFKA_PARTITION_INVALID',
    `the ${chooser} asks for the partition ${chosen} of the topic "${topic}", which has 0 to ` +
      `${partitionCount - 1}`,
    {
      hint:
        'Choose a whole number from 0 (inclusive) to the number of partitions (exclusive), ' +
        'which the partitioner is given.',
    },
  )
}

/**
 * Another partition for records without key, at random: never one that nobody leads if another is
 * led, and the same one again only if there is no other.
 *
 * @param leaderIds - By partition; -1: nobody leads.
 * @param current - -1: none yet.
 * @internal
 */
export function nextStickyPartition(
  leaderIds: readonly number[],
  current: number,
  random: () => number,
): number {
  const led = leaderIds.flatMap((leaderId, partition) => (leaderId >= 0 ? [partition] : []))
  const usable = led.length > 0 ? led : [...leaderIds.keys()]
  const others = usable.filter((partition) => partition !== current)
  const choice = others.length > 0 ? others : usable
  return choice[Math.floor(random() * choice.length)] ?? 0
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] as number
}
