import type { FlinktsError } from '@flinkts/core/connector'
import { missingTopic } from '../cluster/metadata-cache.ts'
import { retryUntilDone } from '../cluster/retry.ts'
import { brokerError } from '../connection/errors.ts'
import { isRetriable, kafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import type { TopicMetadata } from '../protocol/metadata.ts'
import type { TopicPartition } from '../protocol/topics.ts'
import { topicChanged } from '../runtime/source-errors.ts'
import { topicMissing } from '../runtime/topic-errors.ts'
import type { SourceContext } from '../runtime/source-context.ts'
import type { KnownPartition } from '../state/enumerator-state.ts'

/** A partition that the options ask for and that exists. @internal */
export interface FoundPartition extends TopicPartition {
  readonly topicId: string | undefined
}

/** A broker learns of a topic a little after it was made, or after its own start. */
const staleMsMax = 5_000

/**
 * The partitions that the options ask for.
 *
 * @param known - Those that are read already: they must still be there.
 * @throws FlinktsError FLINKTS_KAFKA_ TOPIC_MISSING, TOPIC_CHANGED, PERMISSION_DENIED, and those of
 * requests
 * @internal
 */
export async function findPartitions(
  context: SourceContext,
  known: readonly KnownPartition[],
  signal: AbortSignal,
): Promise<readonly FoundPartition[]> {
  const topics = await retryUntilDone(
    { ...context, closing: signal },
    { timeoutMs: staleMsMax, signal },
    async () => {
      const value = await askTopics(context, known, signal)
      const error = firstProblem(context, value, known)
      return error === undefined ? { type: 'done', value } : { type: 'again', error }
    },
  )
  return topics.flatMap((topic) => partitionsOf(context, topic))
}

/** The topics that the options ask for, as a broker knows them; missing ones are data. @internal */
export async function askTopics(
  { cluster, options: { subscription } }: SourceContext,
  known: readonly KnownPartition[],
  signal: AbortSignal,
): Promise<readonly TopicMetadata[]> {
  if (subscription.type === 'pattern') {
    const all = await cluster.metadata.allTopics(signal)
    const matching = all.filter(
      ({ topic, internal }) => !internal && subscription.pattern.test(topic),
    )
    const names = new Set(matching.map(({ topic }) => topic))
    const gone = known.filter(({ topic }) => !names.has(topic)).map(({ topic }) => topic)
    return [...matching, ...[...new Set(gone)].map(missingTopic)]
  }
  const names =
    subscription.type === 'topics'
      ? subscription.topics
      : [...new Set(subscription.partitions.map(({ topic }) => topic))]
  await cluster.metadata.refresh(names, signal)
  return names.map((topic) => cluster.metadata.topicOf(topic) ?? missingTopic(topic))
}

function firstProblem(
  context: SourceContext,
  topics: readonly TopicMetadata[],
  known: readonly KnownPartition[],
): FlinktsError | undefined {
  for (const topic of topics) {
    const [problem] = topicProblems(context, topic, known)
    if (problem === undefined) continue
    if (!isPassing(topic)) throw problem
    return problem
  }
  return undefined
}

/** What the topic lacks of what the options ask for. @internal */
export function topicProblems(
  { options: { subscription } }: SourceContext,
  { topic, topicId, errorCode, partitions }: TopicMetadata,
  known: readonly KnownPartition[],
): readonly FlinktsError[] {
  const before = known.find((one) => one.topic === topic)
  if (errorCode !== 0) {
    if (errorCode !== kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION) return [refused(errorCode, topic)]
    return [before === undefined ? topicMissing(topic) : topicChanged(topic, 'deleted')]
  }
  if (isOther(before?.topicId, topicId)) return [topicChanged(topic, 'recreated')]
  if (subscription.type !== 'partitions') return []
  const there = new Set(partitions.map(({ partition }) => partition))
  return subscription.partitions
    .filter((wanted) => wanted.topic === topic && !there.has(wanted.partition))
    .map(({ partition }) => topicMissing(topic, partition))
}

/** Whether two ids are of two topics. @internal */
export function isOther(before: string | undefined, now: string | undefined): boolean {
  return before !== undefined && now !== undefined && before !== now
}

function refused(errorCode: number, topic: string): FlinktsError {
  const operation = { what: 'reading metadata', resource: `the topic "${topic}"` }
  return brokerError(kafkaError(errorCode), operation)
}

/** The broker that answered may not know all yet. */
function isPassing({ errorCode }: TopicMetadata): boolean {
  return errorCode === 0 || isRetriable(kafkaError(errorCode))
}

/** Those partitions of a topic that the options ask for. @internal */
export function partitionsOf(
  { options: { subscription } }: SourceContext,
  { topic, topicId, partitions }: TopicMetadata,
): readonly FoundPartition[] {
  const all = partitions.map(({ partition }) => ({ topic, topicId, partition }))
  if (subscription.type !== 'partitions') return all
  return all.filter(({ partition }) =>
    subscription.partitions.some(
      (wanted) => wanted.topic === topic && wanted.partition === partition,
    ),
  )
}
