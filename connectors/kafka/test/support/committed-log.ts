import {
  type FetchedPartition,
  kafkaUsers,
  type LogRecord,
  type PartitionLeader,
  withLeaders,
} from '@flinkts/test-services'
import type { KitBroker } from './kit-kafka.ts'

/**
 * What a reader of committed records sees of a topic, in milliseconds: Kafka's own consumer takes
 * seconds. None of our code: requests and records go through inner parts of kafkajs. What is
 * committed follows from the markers in the log; kafkajs' filter by the broker's list of aborted
 * transactions has known defects.
 */

export interface LoggedRecord extends Pick<LogRecord, 'key' | 'value' | 'headers'> {
  readonly partition: number
  readonly offset: bigint
}

/** A topic, as far as no transaction is open. */
export interface CommittedTopic {
  /** By partition, then by offset. */
  readonly records: readonly LoggedRecord[]
  /** The partitions that go on behind it, with a transaction that is open. */
  readonly unstable: readonly number[]
}

export async function readCommittedLog(
  { host, port }: KitBroker,
  topic: string,
): Promise<CommittedTopic> {
  const client = { brokers: [`${host}:${port}`], login: kafkaUsers.guest }
  return withLeaders(topic, client, async (leaders) => {
    const partitions = await Promise.all(leaders.map((leader) => readPartition(leader, topic)))
    return {
      records: partitions.flatMap(({ records }) => records),
      unstable: partitions.filter(({ stable }) => !stable).map(({ partition }) => partition),
    }
  })
}

interface CommittedPartition {
  readonly partition: number
  readonly records: readonly LoggedRecord[]
  readonly stable: boolean
}

/** Reads on to the end of the log: the marker that commits a record may be behind an open one. */
async function readPartition(
  { broker, partition }: PartitionLeader,
  topic: string,
): Promise<CommittedPartition> {
  const fetched: LogRecord[] = []
  const start = await fetchOnce(broker, { topic, partition, offset: 0n, committed: true })
  const end = BigInt(start.highWatermark)
  const stableEnd = BigInt(start.lastStableOffset)
  for (let offset = 0n; offset < end; ) {
    const from = { topic, partition, offset, committed: false }
    const { messages } = await fetchOnce(broker, from)
    const last = messages.at(-1)
    if (last === undefined) throw new Error(`${topic}-${partition} has no record at ${offset}`)
    fetched.push(...messages.filter((each) => BigInt(each.offset) >= offset))
    offset = BigInt(last.offset) + 1n
  }
  const records = committedOf(fetched, partition).filter(({ offset }) => offset < stableEnd)
  return { partition, records, stable: stableEnd === end }
}

/** More than the largest batch. */
const fetchBytesMax = 32 * 2 ** 20
const isolationLevels = { uncommitted: 0, committed: 1 } as const

async function fetchOnce(
  broker: PartitionLeader['broker'],
  from: {
    readonly topic: string
    readonly partition: number
    readonly offset: bigint
    /** Else all that is in the log, and nothing is told of where open transactions begin. */
    readonly committed: boolean
  },
): Promise<FetchedPartition> {
  const { topic, partition, offset, committed } = from
  const wanted = { partition, fetchOffset: String(offset), maxBytes: fetchBytesMax }
  const { responses } = await broker.fetch({
    isolationLevel: isolationLevels[committed ? 'committed' : 'uncommitted'],
    maxWaitTime: 0,
    maxBytes: fetchBytesMax,
    topics: [{ topic, partitions: [wanted] }],
  })
  const found = responses[0]?.partitions[0]
  if (found === undefined) throw new Error(`nothing was fetched of ${topic}-${partition}`)
  return found
}

const commitMarker = 1

/** A record counts when the marker that ends the transaction of its producer says so. */
function committedOf(fetched: readonly LogRecord[], partition: number): LoggedRecord[] {
  const committed: LoggedRecord[] = []
  const undecided = new Map<string, LoggedRecord[]>()
  for (const { offset, key, value, headers, isControlRecord, batchContext } of fetched) {
    const { producerId, inTransaction } = batchContext
    const record = { partition, offset: BigInt(offset), key, value, headers }
    if (isControlRecord) {
      if (key?.readInt16BE(2) === commitMarker) committed.push(...(undecided.get(producerId) ?? []))
      undecided.delete(producerId)
    } else if (inTransaction) {
      undecided.set(producerId, [...(undecided.get(producerId) ?? []), record])
    } else {
      committed.push(record)
    }
  }
  return committed.toSorted((left, right) => Number(left.offset - right.offset))
}
