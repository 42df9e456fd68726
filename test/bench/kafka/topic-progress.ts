import { setTimeout as delay } from 'node:timers/promises'
import { type Admin, Kafka, logLevel } from 'kafkajs'

/** How far a topic was committed at a time. */
export interface Progress {
  /** Since the start. */
  readonly ms: number
  /** Records and the markers of transactions. */
  readonly records: number
}

const pollMs = 50

/**
 * Watches how far a topic can be read by consumers of committed records.
 *
 * @param alive - Says whether anybody still writes.
 * @throws Error if nobody writes any more, or the time is over.
 */
export async function watchTopic(
  brokers: readonly string[],
  topic: string,
  until: WatchEnd,
): Promise<readonly Progress[]> {
  const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.ERROR }).admin()
  await admin.connect()
  try {
    return await watch(admin, topic, until)
  } finally {
    await admin.disconnect()
  }
}

interface WatchEnd {
  readonly records: number
  readonly startedMs: number
  readonly timeoutMs: number
  readonly alive: () => boolean
}

async function watch(
  admin: Admin,
  topic: string,
  { records: wanted, startedMs, timeoutMs, alive }: WatchEnd,
): Promise<readonly Progress[]> {
  const seen: Progress[] = []
  for (;;) {
    // What admin clients of kafkajs are told is the end of what is stable, not of the log.
    const ends = await admin.fetchTopicOffsets(topic)
    const records = ends.reduce((sum, { high }) => sum + Number(high), 0)
    const ms = performance.now() - startedMs
    seen.push({ ms, records })
    if (records >= wanted) return seen
    if (!alive()) throw new Error(`the process ended at ${records} of ${wanted}`)
    if (ms > timeoutMs) throw new Error(`${records} of ${wanted} in ${ms} ms`)
    await delay(pollMs)
  }
}

/** What a run came to. */
export interface Pace {
  /** From the start of the process until the first records could be read. */
  readonly firstCommitMs: number
  /** Of all of them, the start included. */
  readonly recordsPerSecond: number
  /** From a tenth of the records to nine tenths. */
  readonly steadyPerSecond: number
}

/** @param records - As many as were to be copied, and have been. */
export function paceOf(seen: readonly Progress[], records: number): Pace {
  const reaching = (count: number): Progress => {
    const found = seen.find((progress) => progress.records >= count)
    return found ?? { ms: Number.NaN, records: Number.NaN }
  }
  const [low, high] = [reaching(records * 0.1), reaching(records * 0.9)]
  return {
    firstCommitMs: reaching(1).ms,
    recordsPerSecond: (1000 * records) / reaching(records).ms,
    steadyPerSecond: (1000 * (high.records - low.records)) / (high.ms - low.ms),
  }
}
