import type { Address, ServerRun, Service } from './container.ts'
import type { ServiceImage } from './images.ts'
import { probeKafka } from './kafka-probe.ts'
import type { KafkaSecurity } from './kafka-security.ts'

/** The lines of Kafka that the tests run on. @internal */
export type KafkaVersion = '3.9' | '4'

/** @internal */
export const kafkaVersions: readonly KafkaVersion[] = ['3.9', '4']

/** @internal */
export const kafkaImages: Readonly<Record<KafkaVersion, ServiceImage>> = {
  '3.9': kafkaImage('3.9', '3.9.2'),
  '4': kafkaImage('4', '4.3.1'),
}

/** Where tools inside a container reach the broker that runs in it. @internal */
export const innerPort = 9094

/** One broker of a cluster, and how it shall run. @internal */
export interface BrokerPlan {
  readonly version: KafkaVersion
  /** From 1. */
  readonly id: number
  /** How the brokers of the cluster call each other, in the order of their ids. */
  readonly hosts: readonly string[]
  readonly network?: string
  readonly security: KafkaSecurity
  readonly settings: Readonly<Record<string, string>>
  readonly memoryDirectory?: string
  /** `throughput`: as it runs in production. */
  readonly purpose: 'tests' | 'throughput'
}

const controllerPort = 9093
const clusterId = 'ZmxpbmstdHMtdGVzdHMhIQ'
const dataDirectory = '/var/lib/kafka/data'
const propertiesPath = '/tmp/flinkts/server.properties'

// Kafka's own commands, which the official images have at the same place. Formatting a second time
// would take another start of the JVM.
const startScript = `[ -f "$1/meta.properties" ] || {
  data=$1; shift
  /opt/kafka/bin/kafka-storage.sh format -c ${propertiesPath} -t ${clusterId} "$@" || exit 1
}
exec /opt/kafka/bin/kafka-server-start.sh ${propertiesPath}`

/** The container of one broker, which is a controller too. @internal */
export function brokerService(plan: BrokerPlan): Service {
  const alias = plan.hosts[plan.id - 1] ?? 'localhost'
  return {
    image: kafkaImages[plan.version],
    run: (address) => brokerRun(plan, address),
    probe: (address) => probeKafka(address, plan.security.ca),
    ...(plan.network === undefined ? {} : { network: { name: plan.network, alias } }),
    ...(plan.memoryDirectory === undefined ? {} : { memoryDirectory: plan.memoryDirectory }),
  }
}

function kafkaImage(line: KafkaVersion, version: string): ServiceImage {
  return {
    name: `kafka-${line}`,
    recipe: 'kafka',
    official: `apache/kafka:${version}`,
    debianPackages: ['default-jre-headless'],
    mavenVersion: version,
  }
}

const smallMachine = {
  KAFKA_HEAP_OPTS: '-Xms64m -Xmx320m',
  // Brokers come back under another address of the network: names are looked up anew.
  KAFKA_JVM_PERFORMANCE_OPTS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dsun.net.inetaddr.ttl=1',
}

function brokerRun(plan: BrokerPlan, address: Address): ServerRun {
  const data = plan.memoryDirectory === undefined ? dataDirectory : `${plan.memoryDirectory}/data`
  const settings = {
    ...kafkaDefaults(plan.hosts.length),
    ...plan.security.settings,
    ...nodeSettings(plan, address),
    'log.dirs': data,
    ...plan.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  return {
    port: address.port,
    environment: plan.purpose === 'tests' ? smallMachine : { KAFKA_HEAP_OPTS: '-Xmx1g' },
    command: ['sh', '-c', startScript, 'kafka', data, ...plan.security.formatArguments],
    files: { [propertiesPath]: lines.join(''), ...plan.security.files },
  }
}

// Clients reach the broker under the same port inside the container and outside, so that its own
// tools can be clients too. Brokers call themselves and each other over a listener of their own:
// the port outside is not theirs to reach.
function nodeSettings({ id, hosts, security }: BrokerPlan, address: Address) {
  const own = hosts[id - 1] ?? 'localhost'
  const voters = hosts.map((host, index) => `${index + 1}@${host}:${controllerPort}`)
  return {
    'node.id': String(id),
    'process.roles': 'broker,controller',
    'controller.quorum.voters': voters.join(','),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'BROKER',
    listeners: [
      `CLIENT://:${address.port}`,
      `BROKER://:${innerPort}`,
      `CONTROLLER://:${controllerPort}`,
    ].join(','),
    'advertised.listeners': [
      `CLIENT://${address.host}:${address.port}`,
      `BROKER://${own}:${innerPort}`,
    ].join(','),
    'listener.security.protocol.map': [
      `CLIENT:${security.protocol}`,
      'BROKER:PLAINTEXT',
      'CONTROLLER:PLAINTEXT',
    ].join(','),
  }
}

/** The settings of every broker unless told otherwise. @internal */
export function kafkaDefaults(brokerCount: number): Readonly<Record<string, string>> {
  const replication = String(brokerCount)
  const inSyncMin = brokerCount === 1 ? '1' : '2'
  return {
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replication,
    'min.insync.replicas': inSyncMin,
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': inSyncMin,
    'group.initial.rebalance.delay.ms': '0',
    // A killed broker may register again only when its old session has run out.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '500',
    // Records of tests have any timestamps; those of a week ago would be removed at some time.
    'log.retention.hours': '-1',
    // Less memory and fewer threads than production wants.
    'log.cleaner.dedupe.buffer.size': '4194304',
    'num.network.threads': '2',
    'num.io.threads': '4',
  }
}
