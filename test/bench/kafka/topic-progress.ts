import { setTimeout as delay } from 'node:timers/promises'
import { assert } from '@flinkts/core/connector'
import { type PartitionLeader, withLeaders } from '@flinkts/test-services'

/** How far a topic was written at a time. */
export interface Progress {
  /** Since the start. */
  readonly ms: number
  /** Records, and markers of transactions, that are in the log. */
  readonly written: number
  /** Those that consumers of committed records can read. */
  readonly committed: number
}

const pollMs = 20

/**
 * Watches how far a topic is written until all can be read.
 *
 * @throws Error if nobody writes any more, or the time is over.
 */
export async function watchTopic(
  brokers: readonly string[],
  topic: string,
  until: WatchEnd,
): Promise<readonly Progress[]> {
  return withLeaders(topic, { brokers }, async ([leader]) => {
    assert(leader !== undefined, 'a topic has a partition')
    return watch(leader, topic, until)
  })
}

interface WatchEnd {
  readonly records: number
  readonly startedMs: number
  readonly timeoutMs: number
  /** Says whether anybody still writes. */
  readonly alive: () => boolean
}

async function watch(
  { broker }: PartitionLeader,
  topic: string,
  { records, startedMs, timeoutMs, alive }: WatchEnd,
): Promise<readonly Progress[]> {
  const seen: Progress[] = []
  for (;;) {
    const committed = await endOf(broker, topic, 1)
    const written = await endOf(broker, topic, 0)
    const ms = performance.now() - startedMs
    seen.push({ ms, written, committed })
    if (committed >= records) return seen
    if (!alive()) throw new Error(`the process ended at ${committed} of ${records}`)
    if (ms > timeoutMs) throw new Error(`${committed} of ${records} in ${ms} ms`)
    await delay(pollMs)
  }
}

async function endOf(
  broker: PartitionLeader['broker'],
  topic: string,
  isolationLevel: 0 | 1,
): Promise<number> {
  const topics = [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }]
  const { responses } = await broker.listOffsets({ isolationLevel, topics })
  return Number(responses[0]?.partitions[0]?.offset)
}

/** What a run came to. */
export interface Pace {
  /** From the start of the process until the first records could be read. */
  readonly firstCommitMs: number
  /** Of all of them, the start included. */
  readonly recordsPerSecond: number
  /** From a tenth of the records in the log to nine tenths. */
  readonly steadyPerSecond: number
}

/** @param records - As many as were to be copied, and have been. */
export function paceOf(seen: readonly Progress[], records: number): Pace {
  const reaching = (of: 'written' | 'committed', count: number): Progress =>
    seen.find((progress) => progress[of] >= count) ?? nothing
  const [low, high] = [reaching('written', records * 0.1), reaching('written', records * 0.9)]
  return {
    firstCommitMs: reaching('committed', 1).ms,
    recordsPerSecond: (1000 * records) / reaching('committed', records).ms,
    steadyPerSecond: (1000 * (high.written - low.written)) / (high.ms - low.ms),
  }
}

const nothing: Progress = { ms: Number.NaN, written: Number.NaN, committed: Number.NaN }
