import { kafkaUsers, type KafkaVersion, uniqueName } from '@flinkts/test-services'
import { startProxy, type TcpProxy } from '@flinkts/testkit/proxy'
import type { ConnectionOptions } from '../../src/index.ts'
import { dropKitTopic, type KitBroker, kitServer, makeKitTopic } from './kit-kafka.ts'
import { RenamingProxy } from './renaming-proxy.ts'

/** A topic, and the way of a connector to its broker, through proxies. */
export type KitTarget = {
  readonly host: string
  readonly port: number
  readonly password: string
  /** Of the broker itself. */
  readonly serverHost: string
  readonly serverPort: number
  readonly topic: string
}

/** What this process has to end, by topic. */
const places = new Map<string, readonly [TcpProxy, RenamingProxy]>()
const partitionCount = 3

export async function makeKitTarget(version: KafkaVersion): Promise<KitTarget> {
  const server = await kitServer(version)
  const { address } = server.broker(1)
  const topic = uniqueName('records')
  await makeKitTopic(address, topic, partitionCount)
  const renaming = await RenamingProxy.start(address)
  const proxy = await startProxy({ host: '127.0.0.1', port: renaming.port })
  const { host, port } = proxy.connection
  renaming.advertisedPort = port
  places.set(topic, [proxy, renaming])
  const { password } = kafkaUsers.guest
  return { host, port, password, serverHost: address.host, serverPort: address.port, topic }
}

/** Past the proxies. */
export function serverOf({ serverHost: host, serverPort: port }: KitTarget): KitBroker {
  return { host, port }
}

/** Through the proxies. */
export function connectionOf({ host, port, password }: KitTarget): ConnectionOptions {
  return {
    brokers: [`${host}:${port}`],
    sasl: { mechanism: 'plain', username: kafkaUsers.guest.username, password },
    reconnectBackoff: { minMs: 10, maxMs: 100 },
  }
}

/** What drivers do with a target, whatever they test. */
export const kitTargets = {
  async killConnections({ topic }: KitTarget): Promise<void> {
    places.get(topic)?.[0].reset()
  },
  async breakConnections({ topic }: KitTarget, byteCount: number): Promise<void> {
    places.get(topic)?.[0].breakAfter(byteCount)
  },
  secrets: ({ password }: KitTarget): readonly string[] => [password],
  async clean(target: KitTarget): Promise<void> {
    const [proxy, renaming] = places.get(target.topic) ?? []
    places.delete(target.topic)
    await proxy?.close()
    await renaming?.close()
    await dropKitTopic(serverOf(target), target.topic)
  },
}
