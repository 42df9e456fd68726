import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/** A partition of a topic. @public */
export interface TopicPartition {
  readonly topic: string
  /** From 0. */
  readonly partition: number
}

/** Some partitions of one topic, as requests and responses hold them. @internal */
export interface TopicOf<Partition> {
  readonly topic: string
  readonly partitions: readonly Partition[]
}

/** A partition, and how a request went for it. @internal */
export interface PartitionError {
  readonly partition: number
  readonly errorCode: number
}

/**
 * `{ topic, partitions }` from partitions in any order; the order of first sight is kept.
 *
 * @internal
 */
export function groupByTopic<Partition extends { readonly topic: string }>(
  partitions: readonly Partition[],
): TopicOf<Partition>[] {
  const topics = new Map<string, Partition[]>()
  for (const partition of partitions) {
    const known = topics.get(partition.topic)
    if (known === undefined) topics.set(partition.topic, [partition])
    else known.push(partition)
  }
  return Array.from(topics, ([topic, its]) => ({ topic, partitions: its }))
}

/** The partitions of `groupByTopic`, each with its topic again. @internal */
export function flattenTopics<Partition extends { readonly partition: number }>(
  topics: readonly TopicOf<Partition>[],
): (Partition & TopicPartition)[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ ...partition, topic })),
  )
}

/** Writes the name and the partitions of a topic. @internal */
export function writeTopic<Partition>(
  writer: WireWriter,
  { topic, partitions }: TopicOf<Partition>,
  writePartition: (writer: WireWriter, partition: Partition) => void,
): void {
  writer.string(topic)
  writer.array(partitions, writePartition)
  writer.noTags()
}

/** Writes a topic whose partitions are numbers alone. @internal */
export function writeTopicOfIndexes(writer: WireWriter, topic: TopicOf<number>): void {
  writer.string(topic.topic)
  writer.int32Array(topic.partitions)
  writer.noTags()
}

/** Reads the name and the partitions of a topic. @internal */
export function readTopic<Partition>(
  reader: WireReader,
  readPartition: (reader: WireReader) => Partition,
): TopicOf<Partition> {
  const topic = reader.string()
  const partitions = reader.array(readPartition)
  reader.tags()
  return { topic, partitions }
}

/** Reads a topic whose partitions hold nothing but an error code. @internal */
export function readTopicOfErrors(reader: WireReader): TopicOf<PartitionError> {
  return readTopic(reader, readPartitionError)
}

function readPartitionError(reader: WireReader): PartitionError {
  const partition = reader.int32()
  const errorCode = reader.int16()
  reader.tags()
  return { partition, errorCode }
}
