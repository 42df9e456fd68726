import type { ResolvedConnection } from '../connection/connection-options.ts'
import { fetchApi, type FetchRequest, type FetchResponse } from '../protocol/fetch.ts'
import { produceApi, type ProduceRequest, type ProduceResponse } from '../protocol/produce.ts'
import { Administration } from './administration.ts'
import { Coordinators } from './coordinators.ts'
import { GroupOffsets } from './group-offsets.ts'
import type { KafkaTransport } from './kafka-transport.ts'
import { MetadataCache } from './metadata-cache.ts'
import { PartitionOffsets } from './partition-offsets.ts'
import { Requester } from './requester.ts'
import type { ClusterEnvironment } from './retry.ts'
import { Transactions } from './transactions.ts'

/**
 * A Kafka cluster, over any transport. What it connects to, it connects to when it is first needed.
 *
 * `fetch` and `produce` go to a broker that the caller chooses, once: what to do about the errors
 * of single partitions is known there. All else finds its broker itself, and is tried again while
 * its error may pass. One thread; any number of operations at a time.
 *
 * A broker answers the requests of a connection in their order, so whoever must not wait for others
 * (a committer for a writer's batches) has a cluster of its own.
 *
 * @internal
 */
export class KafkaCluster {
  readonly metadata: MetadataCache
  readonly offsets: PartitionOffsets
  readonly groups: GroupOffsets
  readonly transactions: Transactions
  readonly administration: Administration
  readonly #requester: Requester
  readonly #transport: KafkaTransport
  readonly #closing = new AbortController()

  /** @param transport - Closed by `close`. */
  constructor(
    transport: KafkaTransport,
    connection: Pick<ResolvedConnection, 'requestTimeoutMs' | 'metadataMaxAgeMs'>,
    environment: ClusterEnvironment,
  ) {
    const requester = new Requester(transport, connection.requestTimeoutMs)
    const metadata = new MetadataCache({
      requester,
      transport,
      clock: environment.clock,
      random: environment.random,
      maxAgeMs: connection.metadataMaxAgeMs,
    })
    const closing = this.#closing.signal
    const context = { ...environment, closing, requester, metadata }
    const coordinators = new Coordinators(context)
    this.metadata = metadata
    this.offsets = new PartitionOffsets(context)
    this.groups = new GroupOffsets(requester, coordinators)
    this.transactions = new Transactions(context, coordinators)
    this.administration = new Administration(context)
    this.#requester = requester
    this.#transport = transport
  }

  /**
   * Reads records, on a connection of its own to the broker. Errors of partitions are data.
   *
   * @param nodeId - The leader, or the replica that it prefers.
   * @throws FlinktsError as `KafkaTransport.request`
   */
  fetch(nodeId: number, request: FetchRequest, signal?: AbortSignal): Promise<FetchResponse> {
    return this.#requester.send(nodeId, fetchApi, request, {
      channel: 'fetch',
      signal,
      extraTimeoutMs: request.waitMsMax,
    })
  }

  /**
   * Writes record batches to the partitions that a broker leads. Errors of partitions are data.
   *
   * @returns undefined with `acks` 0: no broker answers then.
   * @throws FlinktsError as `KafkaTransport.request`; the batches may be written, unless it is
   * FLINKTS_KAFKA_UNREACHABLE
   */
  async produce(
    nodeId: number,
    request: ProduceRequest,
    signal?: AbortSignal,
  ): Promise<ProduceResponse | undefined> {
    const options = { signal, extraTimeoutMs: request.timeoutMs, sizeHintBytes: sizeOf(request) }
    if (request.acks !== 0) return this.#requester.send(nodeId, produceApi, request, options)
    await this.#requester.sendOnly(nodeId, produceApi, request, options)
    return undefined
  }

  /** Ends all connections, and with them the requests under way. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#closing.abort()
    return this.#transport.close()
  }
}

/** What surrounds the batch of a partition, roughly. */
const partitionOverheadBytes = 64

function sizeOf({ topics }: ProduceRequest): number {
  let sizeBytes = 0
  for (const { partitions } of topics) {
    for (const { records } of partitions) sizeBytes += records.length + partitionOverheadBytes
  }
  return sizeBytes
}
