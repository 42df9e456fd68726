import type { Finding } from '@flinkts/core/connector'
import type { OffsetAnswer } from './cluster/partition-offsets.ts'
import { brokerError } from './connection/errors.ts'
import { givenOffsets, offsetOf, stopMissing } from './enumeration/positions.ts'
import { askTopics, partitionsOf, topicProblems } from './enumeration/topic-finder.ts'
import { isRetriable, kafkaError, kafkaErrors } from './protocol/error-codes.ts'
import type { FetchRequest } from './protocol/fetch.ts'
import { flattenTopics, groupByTopic, type TopicPartition } from './protocol/topics.ts'
import { attempt, findingOf } from './runtime/findings.ts'
import { offsetOutOfRange } from './runtime/source-errors.ts'
import type { SourceContext } from './runtime/source-context.ts'

/** Partitions whose leader does not answer in that time are told. */
const leaderWaitMs = 1_000
/** The first use of groups in a cluster makes the topic that holds them. */
const coordinatorWaitMs = 10_000

/**
 * Looks, without changing anything, for all that would keep the source from working. The errors
 * that it finds are those with which a start would fail. What only a first start would meet is a
 * warning: a restored job goes on from its checkpoint.
 *
 * @internal
 */
export async function examine(
  context: SourceContext,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const found = await attempt(findings, () => findPartitions(context, findings, signal))
  if (found === undefined) return findings
  await attempt(findings, () => checkPartitions(context, found, { findings, signal }))
  await attempt(findings, () => checkGroup(context, { findings, signal }))
  // A group that may not be read is met twice where it says how the source begins.
  return [...new Map(findings.map((finding) => [finding.message, finding])).values()]
}

interface Report {
  readonly findings: Finding[]
  readonly signal: AbortSignal
}

async function findPartitions(
  context: SourceContext,
  findings: Finding[],
  signal: AbortSignal,
): Promise<readonly TopicPartition[]> {
  const { subscription, stop } = context.options
  const topics = await askTopics(context, [], signal)
  const errors = topics.flatMap((topic) => topicProblems(context, topic, []))
  findings.push(...errors.map((error) => findingOf(error)))
  if (subscription.type === 'pattern' && topics.length === 0) {
    findings.push({
      severity: 'warning',
      code: 'no-topic-matches',
      message: `no topic that the user may describe matches ${subscription.pattern.source}`,
      hint: 'Check the option "topicPattern", which must match whole names, and the rights.',
    })
  }
  const partitions = topics.flatMap((topic) => partitionsOf(context, topic))
  if (typeof stop === 'object' && stop.type === 'offsets') {
    const lacking = partitions.filter(
      (partition) => offsetOf(stop.offsets, partition) === undefined,
    )
    findings.push(...lacking.map((partition) => findingOf(stopMissing(partition))))
  }
  return partitions
}

async function checkPartitions(
  context: SourceContext,
  partitions: readonly TopicPartition[],
  { findings, signal }: Report,
): Promise<void> {
  if (partitions.length === 0) return
  const { offsets } = context.cluster
  const ask = (
    its: readonly TopicPartition[],
    at: 'earliest' | 'latest',
  ): Promise<readonly OffsetAnswer[]> => {
    const queries = its.map(({ topic, partition }) => ({ topic, partition, at }))
    return offsets.list(queries, 'read-uncommitted', { timeoutMs: leaderWaitMs, signal })
  }
  const first = await ask(partitions, 'earliest')
  const there = first.filter(({ errorCode }) => errorCode === 0)
  const last = await ask(there, 'latest')
  findings.push(...partitionFindings(first, 'asking for offsets'))
  findings.push(...(await readFindings(context, there, signal)))
  const { start } = context.options
  const given = await givenOffsets(context, start, there, signal)
  for (const partition of there) {
    const offset = offsetOf(given, partition)
    const latest = offsetOf(last, partition)
    if (offset === undefined || latest === undefined) continue
    if (offset >= partition.offset && offset <= latest) continue
    const place = { topic: partition.topic, partition: partition.partition, offset }
    const range = { earliest: partition.offset, latest }
    findings.push(findingOf(offsetOutOfRange(place, range), 'warning'))
  }
}

/** One for each topic and error; for a partition without a leader, one each. */
function partitionFindings(
  answers: readonly (TopicPartition & { readonly errorCode: number })[],
  what: string,
): readonly Finding[] {
  const findings = new Map<string, Finding>()
  for (const { topic, partition, errorCode } of answers) {
    const error = kafkaError(errorCode)
    if (error.reaction === 'none' || errorCode === kafkaErrors.OFFSET_OUT_OF_RANGE) continue
    if (isRetriable(error)) {
      findings.set(`${partition} ${topic}`, leaderMissing(topic, partition, error.name))
    } else {
      const failure = brokerError(error, { what, resource: `the topic "${topic}"` })
      findings.set(`${error.name} ${topic}`, findingOf(failure))
    }
  }
  return [...findings.values()]
}

function leaderMissing(topic: string, partition: number, reason: string): Finding {
  return {
    severity: 'warning',
    code: 'leader-missing',
    message:
      `the leader of the partition ${partition} of the topic "${topic}" does not answer: ` + reason,
    hint:
      'Its records are read when a broker leads it again. "kafka-topics --describe ' +
      '--unavailable-partitions" lists such partitions.',
  }
}

/** Only who fetches learns whether it may read. */
async function readFindings(
  { cluster }: SourceContext,
  partitions: readonly OffsetAnswer[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const byNode = Map.groupBy(partitions, (one) => cluster.metadata.leaderOf(one)?.nodeId ?? -1)
  const answers = Array.from(byNode, async ([nodeId, its]) => {
    if (nodeId < 0) return []
    const response = await cluster.fetch(nodeId, fetchOf(its), signal)
    return flattenTopics(response.topics)
  })
  return partitionFindings((await Promise.all(answers)).flat(), 'fetching')
}

/** As little as can be asked for: it is thrown away. */
function fetchOf(partitions: readonly OffsetAnswer[]): FetchRequest {
  return {
    waitMsMax: 0,
    bytesMin: 0,
    bytesMax: 1,
    isolation: 'read-uncommitted',
    sessionId: 0,
    sessionEpoch: -1,
    topics: groupByTopic(
      partitions.map(({ topic, partition, offset }) => ({
        topic,
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: offset,
        lastFetchedEpoch: -1,
        partitionBytesMax: 1,
      })),
    ),
    forgottenTopics: [],
    rackId: '',
  }
}

/** States of groups that nobody is a member of. */
const memberless: ReadonlySet<string | undefined> = new Set([undefined, 'Empty', 'Dead'])

async function checkGroup(
  { cluster, options: { groupId, commitOffsets } }: SourceContext,
  { findings, signal }: Report,
): Promise<void> {
  if (groupId === undefined) return
  const request = { partitions: [], requireStable: false }
  // Refuses the whole request where the user has no right, of which a list of groups is silent.
  await cluster.groups.committed(groupId, request, { timeoutMs: coordinatorWaitMs, signal })
  const state = await cluster.groups.stateOf(groupId, { timeoutMs: coordinatorWaitMs, signal })
  if (!commitOffsets || memberless.has(state)) return
  findings.push({
    severity: 'warning',
    code: 'group-has-members',
    message: `the group "${groupId}" has members: it is ${state}`,
    hint: 'Offsets cannot be committed to it then. Name a group of its own as "groupId".',
  })
}
