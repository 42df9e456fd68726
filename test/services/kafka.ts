import { randomBytes } from 'node:crypto'
import { type Address, type ServerControl, shareServer, startServer } from './container.ts'
import type { ExecuteResult } from './execute.ts'
import { plaintext } from './kafka-security.ts'
import { type BrokerPlan, brokerService, innerPort, type KafkaVersion } from './kafka-service.ts'
import { type KafkaTool, runTool, type ToolOptions, type ToolPlace } from './kafka-tools.ts'

/** Brokers that tests share: separate by topic. @internal */
export interface SharedKafka {
  readonly version: KafkaVersion
  /** `host:port` of every broker. */
  readonly bootstrap: readonly string[]
  /** Runs one of Kafka's own tools, which it tells where the brokers are. */
  tool(
    name: KafkaTool,
    toolArguments: readonly string[],
    options?: ToolOptions,
  ): Promise<ExecuteResult>
}

/** One broker of a cluster. @internal */
export interface KafkaBroker extends ServerControl {
  /** From 1. */
  readonly id: number
  readonly address: Address
}

/** Brokers that a test has to itself. The controls are for all of them at once. @internal */
export interface KafkaServer extends SharedKafka, ServerControl {
  /** One of them, from 1. @throws RangeError when there is none with this id */
  broker(id: number): KafkaBroker
}

/** @internal */
export interface KafkaOptions {
  /** '4' unless told. */
  readonly version?: KafkaVersion
  /** Settings of every broker, over the defaults (`kafkaDefaults`). */
  readonly settings?: Readonly<Record<string, string>>
}

const memoryDirectory = '/memory'

/**
 * Starts brokers of one's own, to kill, freeze or configure. Without such needs, `sharedKafka` is
 * much quicker.
 * @internal
 */
export async function startKafka({
  version = '4',
  settings = {},
}: KafkaOptions = {}): Promise<KafkaServer> {
  const plan: BrokerPlan = { version, id: 1, hosts: ['localhost'], security: plaintext, settings }
  const { address, container, control } = await startServer(brokerService(plan))
  const broker: KafkaBroker = { id: 1, address, ...control }
  return {
    ...sharedKafkaAt(version, { address, container }),
    ...control,
    broker(id) {
      if (id !== 1) throw new RangeError(`there is no broker ${id}`)
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
  const plan = { version, id: 1, hosts: ['localhost'], security: plaintext, settings: {} }
  return sharedKafkaAt(version, await shareServer(brokerService({ ...plan, memoryDirectory })))
}

/** A name for a topic, group or transactional id that no other test has. @internal */
export function uniqueName(prefix = 't'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`
}

function sharedKafkaAt(
  version: KafkaVersion,
  { address, container }: { readonly address: Address; readonly container: string },
): SharedKafka {
  const bootstrap = [`${address.host}:${address.port}`]
  const place: ToolPlace = {
    container,
    innerBootstrap: `localhost:${innerPort}`,
    clientBootstrap: bootstrap.join(','),
  }
  return { version, bootstrap, tool: (...call) => runTool(place, ...call) }
}
