import { createRequire } from 'node:module'
import { logLevel } from 'kafkajs'

/**
 * Requests of Kafka that the public clients of kafkajs never send, through its inner parts: what
 * tests and benches learn by them comes by none of our code.
 */

/** A record as it is in the log. @internal */
export interface LogRecord {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | null>>
  /** It is the marker of a transaction. */
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

/** What a fetch gives of a partition. @internal */
export interface FetchedPartition {
  readonly partition: number
  readonly highWatermark: string
  /** With isolation level 1 only. */
  readonly lastStableOffset: string
  readonly messages: readonly LogRecord[]
}

/** One for each topic, with what was asked for. */
interface Answered<Partition> {
  readonly responses: readonly { readonly partitions: readonly Partition[] }[]
}

/** The leader of a partition. @internal */
export interface PartitionLeader {
  readonly partition: number
  /** Isolation level 0: all that is in the log; 1: up to the first open transaction. */
  readonly broker: {
    fetch(request: object): Promise<Answered<FetchedPartition>>
    listOffsets(request: object): Promise<Answered<{ readonly offset: string }>>
  }
}

interface InnerCluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  findTopicPartitionMetadata(
    topic: string,
  ): readonly { readonly partitionId: number; readonly leader: number }[]
  findBroker(place: { readonly nodeId: string }): Promise<PartitionLeader['broker']>
}

/**
 * Lends the leaders of a topic's partitions, in their order, over connections for this work alone:
 * an inner cluster asks for every topic that it ever had.
 * @internal
 */
export async function withLeaders<T>(
  topic: string,
  client: {
    /** `host:port` of each. */
    readonly brokers: readonly string[]
    readonly login?: { readonly username: string; readonly password: string }
  },
  work: (leaders: readonly PartitionLeader[]) => Promise<T>,
): Promise<T> {
  const cluster = innerCluster(client)
  await cluster.connect()
  try {
    await cluster.addTargetTopic(topic)
    const places = cluster.findTopicPartitionMetadata(topic)
    const leaders = await Promise.all(
      places.map(async ({ partitionId: partition, leader }) => ({
        partition,
        broker: await cluster.findBroker({ nodeId: String(leader) }),
      })),
    )
    return await work(leaders.toSorted((left, right) => left.partition - right.partition))
  } finally {
    await cluster.disconnect()
  }
}

const load = createRequire(import.meta.url)

function innerCluster({ brokers, login }: Parameters<typeof withLeaders>[1]): InnerCluster {
  const Cluster = load('kafkajs/src/cluster') as new (options: object) => InnerCluster
  const { createLogger } = load('kafkajs/src/loggers') as {
    readonly createLogger: (options: object) => object
  }
  const socketFactory = load('kafkajs/src/network/socketFactory') as () => unknown
  const logCreator = load('kafkajs/src/loggers/console') as unknown
  return new Cluster({
    logger: createLogger({ level: logLevel.NOTHING, logCreator }),
    socketFactory: socketFactory(),
    brokers,
    clientId: 'leaders',
    connectionTimeout: 5_000,
    authenticationTimeout: 5_000,
    metadataMaxAge: 0,
    allowAutoTopicCreation: false,
    retry: { initialRetryTime: 20, retries: 10 },
    ...(login === undefined ? {} : { sasl: { mechanism: 'plain', ...login } }),
  })
}
