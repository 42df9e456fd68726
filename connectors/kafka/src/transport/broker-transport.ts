import { FlinktsError } from '@flinkts/core/connector'
import type {
  KafkaTransport,
  TransportChannel,
  WireRequest,
  WireResponse,
} from '../cluster/kafka-transport.ts'
import type { BrokerAddress } from '../connection/connection-options.ts'
import { addressText } from '../connection/errors.ts'
import type { BrokerMetadata } from '../protocol/metadata.ts'
import { BrokerLink, type LinkEnvironment } from './broker-link.ts'

/** A broker, and the channels to it that were used. */
interface Node {
  readonly address: BrokerAddress
  readonly links: Map<TransportChannel, BrokerLink>
}

/** Connections to brokers, by node and channel. @internal */
export class BrokerTransport implements KafkaTransport {
  readonly seedIds: readonly number[]
  readonly #environment: LinkEnvironment
  readonly #nodes = new Map<number, Node>()
  /** Links of brokers that are gone, until they are closed. */
  readonly #closing = new Set<Promise<void>>()

  /** @param seeds - At least one. */
  constructor(seeds: readonly BrokerAddress[], environment: LinkEnvironment) {
    this.#environment = environment
    this.seedIds = seeds.map((_, index) => -1 - index)
    for (const [index, address] of seeds.entries()) this.#nodes.set(-1 - index, newNode(address))
  }

  updateBrokers(brokers: readonly BrokerMetadata[]): void {
    const current = new Map(brokers.map((broker) => [broker.nodeId, broker]))
    for (const [nodeId, node] of this.#nodes) {
      if (nodeId >= 0 && !sameAddress(node.address, current.get(nodeId))) this.#remove(nodeId, node)
    }
    for (const { nodeId, host, port } of brokers) {
      if (!this.#nodes.has(nodeId)) this.#nodes.set(nodeId, newNode({ host, port }))
    }
  }

  describe(nodeId: number): string {
    const node = this.#nodes.get(nodeId)
    return node === undefined ? `node ${nodeId}` : addressText(node.address)
  }

  async request(nodeId: number, request: WireRequest): Promise<WireResponse> {
    const node = this.#nodes.get(nodeId)
    if (node === undefined) throw unknownNode(nodeId)
    let link = node.links.get(request.channel)
    if (link === undefined) {
      link = new BrokerLink(node.address, this.#environment)
      node.links.set(request.channel, link)
    }
    return link.request(request)
  }

  async close(): Promise<void> {
    for (const [nodeId, node] of this.#nodes) this.#remove(nodeId, node)
    await Promise.all(this.#closing)
  }

  #remove(nodeId: number, node: Node): void {
    this.#nodes.delete(nodeId)
    for (const link of node.links.values()) {
      const closing = link.close().finally(() => this.#closing.delete(closing))
      this.#closing.add(closing)
    }
  }
}

/** Whoever read the metadata before may still ask a broker that has left the cluster since. */
function unknownNode(nodeId: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_UNREACHABLE',
    `the broker ${nodeId} is not one of the cluster, or not any more`,
    { hint: 'The metadata must be read again.' },
  )
}

function newNode(address: BrokerAddress): Node {
  return { address: { host: address.host, port: address.port }, links: new Map() }
}

function sameAddress(one: BrokerAddress, other: BrokerAddress | undefined): boolean {
  return other !== undefined && one.host === other.host && one.port === other.port
}
