import { createRequire } from 'node:module'
import { setTimeout as delay } from 'node:timers/promises'
import { logLevel } from 'kafkajs'

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
  const cluster = innerCluster(brokers)
  await cluster.connect()
  try {
    await cluster.addTargetTopic(topic)
    return await watch(cluster, topic, until)
  } finally {
    await cluster.disconnect()
  }
}

interface WatchEnd {
  readonly records: number
  readonly startedMs: number
  readonly timeoutMs: number
  /** Says whether anybody still writes. */
  readonly alive: () => boolean
}

async function watch(
  cluster: InnerCluster,
  topic: string,
  { records, startedMs, timeoutMs, alive }: WatchEnd,
): Promise<readonly Progress[]> {
  const [place] = cluster.findTopicPartitionMetadata(topic)
  const broker = await cluster.findBroker({ nodeId: String(place?.leader) })
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

/** @param isolationLevel - 0: all that is in the log; 1: up to the first open transaction. */
async function endOf(broker: InnerBroker, topic: string, isolationLevel: 0 | 1): Promise<number> {
  const topics = [{ topic, partitions: [{ partition: 0, timestamp: -1 }] }]
  const { responses } = await broker.listOffsets({ isolationLevel, topics })
  return Number(responses[0]?.partitions[0]?.offset)
}

/** Its public clients never ask for the end of the log itself. */
interface InnerCluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { readonly leader: number }[]
  findBroker(place: { readonly nodeId: string }): Promise<InnerBroker>
}
interface InnerBroker {
  listOffsets(request: object): Promise<{
    readonly responses: readonly { readonly partitions: readonly { readonly offset: string }[] }[]
  }>
}

const load = createRequire(import.meta.url)

function innerCluster(brokers: readonly string[]): InnerCluster {
  const Cluster = load('kafkajs/src/cluster') as new (options: object) => InnerCluster
  const { createLogger } = load('kafkajs/src/loggers') as {
    readonly createLogger: (options: object) => object
  }
  const socketFactory = load('kafkajs/src/network/socketFactory') as () => unknown
  const logCreator = load('kafkajs/src/loggers/console') as unknown
  return new Cluster({
    logger: createLogger({ level: logLevel.ERROR, logCreator }),
    socketFactory: socketFactory(),
    brokers,
    clientId: 'watch',
    connectionTimeout: 5_000,
    allowAutoTopicCreation: false,
    retry: {},
  })
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
