import { FlinktsError } from '@flinkts/core/connector'
import type { OffsetQuery } from '../cluster/partition-offsets.ts'
import { brokerError } from '../connection/errors.ts'
import type { PartitionOffset, StartPosition } from '../options.ts'
import { isRetriable, kafkaError } from '../protocol/error-codes.ts'
import type { TopicPartition } from '../protocol/topics.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import { type KafkaSplit, splitIdOf } from '../split.ts'
import type { KnownPartition } from '../state/enumerator-state.ts'

/** A number, or what a leader is to be asked for. */
type Position = number | OffsetQuery['at']

/** Partitions without a leader hold up the others no longer; they are asked for again. */
const leaderWaitMs = 3_000

/**
 * Splits of partitions, with numbers for where they begin and end. Those whose leader does not
 * answer are left out: try again later.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID if `stop` lacks a partition; FLINKTS_KAFKA_
 * PERMISSION_DENIED, REQUEST_REFUSED
 * @internal
 */
export async function resolveSplits(
  context: SourceContext,
  partitions: readonly KnownPartition[],
  signal: AbortSignal,
): Promise<readonly KafkaSplit[]> {
  const { stop } = context.options
  const starts = await numbers(context, await startPositions(context, partitions, signal), signal)
  const stops = await numbers(context, stopPositions(context, partitions), signal)
  return partitions.flatMap(({ topic, topicId, partition }) => {
    const splitId = splitIdOf(topic, partition)
    const [nextOffset, stopOffset] = [starts.get(splitId), stops.get(splitId)]
    if (nextOffset === undefined || (stop !== undefined && stopOffset === undefined)) return []
    return [{ splitId, topic, topicId, partition, nextOffset, leaderEpoch: -1, stopOffset }]
  })
}

type Positions = readonly (readonly [partition: TopicPartition, position: Position])[]

async function startPositions(
  context: SourceContext,
  partitions: readonly KnownPartition[],
  signal: AbortSignal,
): Promise<Positions> {
  const { start } = context.options
  const initial = partitions.filter((partition) => partition.initial)
  const given = await givenOffsets(context, start, initial, signal)
  return partitions.map((partition) => {
    if (!partition.initial) return [partition, 'earliest']
    if (typeof start === 'string') return [partition, start]
    if (start.type === 'timestamp') return [partition, { timestampMs: start.timestampMs }]
    return [partition, offsetOf(given, partition) ?? start.fallback ?? 'earliest']
  })
}

/** The offsets that `start` names: in the options, or by the group. @internal */
export async function givenOffsets(
  { cluster, options: { groupId } }: SourceContext,
  start: StartPosition,
  partitions: readonly TopicPartition[],
  signal: AbortSignal,
): Promise<readonly PartitionOffset[]> {
  if (typeof start === 'string' || start.type === 'timestamp') return []
  if (start.type === 'offsets') return start.offsets
  if (groupId === undefined || partitions.length === 0) return []
  const request = { partitions, requireStable: true }
  const committed = await cluster.groups.committed(groupId, request, { signal })
  return committed.filter(({ offset }) => offset >= 0)
}

function stopPositions(
  { options: { stop } }: SourceContext,
  partitions: readonly KnownPartition[],
): Positions {
  if (stop === undefined) return []
  return partitions.map((partition) => {
    if (stop === 'latest') return [partition, stop]
    if (stop.type === 'timestamp') return [partition, { timestampMs: stop.timestampMs }]
    const offset = offsetOf(stop.offsets, partition)
    if (offset === undefined) throw stopMissing(partition)
    return [partition, offset]
  })
}

/** @internal */
export function offsetOf(
  offsets: readonly PartitionOffset[],
  { topic, partition }: TopicPartition,
): number | undefined {
  return offsets.find((one) => one.topic === topic && one.partition === partition)?.offset
}

/** @internal */
export function stopMissing({ topic, partition }: TopicPartition): FlinktsError {
  return new FlinktsError(
    'FLINKTS_OPTION_INVALID',
    `options of kafkaSource: "stop" names no offset for the partition ${partition} of the ` +
      `topic "${topic}"`,
    { hint: 'Name the offset of every partition, or set "stop" to "latest".' },
  )
}

/** Offsets by split; without those that nobody could tell. */
async function numbers(
  context: SourceContext,
  positions: Positions,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const queries: OffsetQuery[] = []
  for (const [{ topic, partition }, position] of positions) {
    if (typeof position === 'number') found.set(splitIdOf(topic, partition), position)
    else queries.push({ topic, partition, at: position })
  }
  const late = await ask(context, queries, found, signal)
  // No record is as late as the time that was asked for: the end is then the answer.
  await ask(
    context,
    late.map(({ topic, partition }) => ({ topic, partition, at: 'latest' })),
    found,
    signal,
  )
  return found
}

/** Adds what it learns to `found`. @returns those that have no such offset. */
async function ask(
  { cluster, options: { isolation } }: SourceContext,
  queries: readonly OffsetQuery[],
  found: Map<string, number>,
  signal: AbortSignal,
): Promise<readonly TopicPartition[]> {
  if (queries.length === 0) return []
  const answers = await cluster.offsets.list(queries, isolation, {
    timeoutMs: leaderWaitMs,
    signal,
  })
  const none: TopicPartition[] = []
  for (const { topic, partition, errorCode, offset } of answers) {
    const error = kafkaError(errorCode)
    if (error.reaction === 'none') {
      if (offset >= 0) found.set(splitIdOf(topic, partition), offset)
      else none.push({ topic, partition })
    } else if (!isRetriable(error)) {
      const resource = `the partition ${partition} of the topic "${topic}"`
      throw brokerError(error, { what: 'asking for offsets', resource })
    }
  }
  return none
}
