import { randomBytes } from 'node:crypto'
import {
  type Address,
  type RunningServer,
  type ServerControl,
  shareServer,
  startServer,
} from './container.ts'
import { docker } from './docker-engine.ts'
import { type KafkaQueries, kafkaQueries } from './kafka-queries.ts'
import { kafkaSecurity, type SecurityChoice } from './kafka-security.ts'
import { type BrokerPlan, brokerService, innerPort, type KafkaVersion } from './kafka-service.ts'
import { createNetwork, removeNetwork } from './owner.ts'

/** Brokers that tests share: separate by the names of topics, groups and transactions. @internal */
export interface SharedKafka extends KafkaQueries {
  readonly version: KafkaVersion
  /** `host:port` of every broker. */
  readonly bootstrap: readonly string[]
}

/** One broker of a cluster. @internal */
export interface KafkaBroker extends ServerControl {
  /** From 1. */
  readonly id: number
  readonly address: Address
}

/** Brokers that a test has to itself. The controls are for all of them at once. @internal */
export interface KafkaServer extends SharedKafka, ServerControl {
  /** The authority that a client must trust, as PEM; undefined without TLS. */
  readonly ca: string | undefined
  /** One of them, from 1. @throws RangeError when there is none with this id */
  broker(id: number): KafkaBroker
}

/** @internal */
export interface KafkaOptions extends SecurityChoice {
  /** '4' unless told. */
  readonly version?: KafkaVersion
  /** 1 unless told. Each is a controller too. */
  readonly brokers?: 1 | 3
  /** Settings of every broker, over the defaults (`kafkaDefaults`). */
  readonly settings?: Readonly<Record<string, string>>
  /** `tests` unless told: many of them start soon, in little memory. */
  readonly purpose?: BrokerPlan['purpose']
}

const memoryDirectory = '/memory'

/**
 * Starts brokers of one's own, to kill, freeze or configure. Without such needs, `sharedKafka` is
 * much quicker.
 * @internal
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaServer> {
  const { version = '4', brokers: count = 1, settings = {}, purpose = 'tests' } = options
  const security = await kafkaSecurity(options)
  const plan = { version, security, settings, purpose } as const
  const started = count === 1 ? await startAlone(plan) : await startCluster(plan, count)
  const { servers, hosts, control } = started
  const brokers = servers.map(
    (server, index): KafkaBroker => ({ id: index + 1, address: server.address, ...server.control }),
  )
  return {
    ...queried(version, servers, hosts),
    ...control,
    ca: security.ca,
    broker(id) {
      const broker = brokers[id - 1]
      if (broker === undefined) throw new RangeError(`there is no broker ${id}`)
      return broker
    },
  }
}

/**
 * The broker of this version that all tests of a run share; the first call starts it. Its data lie
 * in memory.
 * @internal
 */
export async function sharedKafka({
  version = '4',
}: Pick<KafkaOptions, 'version'> = {}): Promise<SharedKafka> {
  const security = await kafkaSecurity({})
  const place = { id: 1, hosts: aloneHosts, memoryDirectory, purpose: 'tests' } as const
  const service = brokerService({ version, security, settings: {}, ...place })
  return queried(version, [await shareServer(service)], aloneHosts)
}

/**
 * A name for a topic, group or transactional id that no other test has. It never ends in `-` and a
 * number, as transactional ids do.
 * @internal
 */
export function uniqueName(prefix = 't'): string {
  return `${prefix}-u${randomBytes(6).toString('hex')}`
}

type OwnServer = RunningServer & { readonly control: ServerControl }
type CommonPlan = Pick<BrokerPlan, 'version' | 'security' | 'settings' | 'purpose'>

interface StartedBrokers {
  readonly servers: readonly OwnServer[]
  readonly hosts: readonly string[]
  readonly control: ServerControl
}

const aloneHosts: readonly string[] = ['localhost']

async function startAlone(plan: CommonPlan): Promise<StartedBrokers> {
  const server = await startServer(brokerService({ ...plan, id: 1, hosts: aloneHosts }))
  return { servers: [server], hosts: aloneHosts, control: server.control }
}

async function startCluster(plan: CommonPlan, count: number): Promise<StartedBrokers> {
  const network = `flinkts-test-kafka-${process.pid}-${randomBytes(4).toString('hex')}`
  const hosts = Array.from({ length: count }, (_, index) => `broker-${index + 1}`)
  await createNetwork(network)
  // None of them is ready before most of them have started.
  const starts = await Promise.allSettled(
    hosts.map((_, index) => startServer(brokerService({ ...plan, id: index + 1, hosts, network }))),
  )
  const servers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const control = clusterControl(servers, network)
  const failed = starts.find((start) => start.status === 'rejected')
  if (failed === undefined) return { servers, hosts, control }
  await control.stop()
  throw failed.reason
}

function clusterControl(servers: readonly OwnServer[], network: string): ServerControl {
  const each = async (action: (control: ServerControl) => Promise<void>) => {
    await Promise.all(servers.map(({ control }) => action(control)))
  }
  const stop = async () => {
    await each((control) => control.stop())
    await removeNetwork(await docker(), network)
  }
  return {
    kill: () => each((control) => control.kill()),
    start: () => each((control) => control.start()),
    pause: () => each((control) => control.pause()),
    unpause: () => each((control) => control.unpause()),
    restart: () => each((control) => control.restart()),
    stop,
    logs: async () => (await Promise.all(servers.map(({ control }) => control.logs()))).join('\n'),
    [Symbol.asyncDispose]: stop,
  }
}

function queried(
  version: KafkaVersion,
  servers: readonly RunningServer[],
  hosts: readonly string[],
): SharedKafka {
  const bootstrap = servers.map(({ address }) => `${address.host}:${address.port}`)
  const place = {
    version,
    containers: servers.map(({ container }) => container),
    innerBootstrap: hosts.map((host) => `${host}:${innerPort}`).join(','),
    clientBootstrap: bootstrap.join(','),
  }
  return { version, bootstrap, ...kafkaQueries(place) }
}
