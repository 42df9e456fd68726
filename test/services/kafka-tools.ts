import { firstRunning } from './container.ts'
import { type ExecuteResult, execute } from './execute.ts'
import type { KafkaVersion } from './kafka-service.ts'

/** A command of Kafka's own. @internal */
export type KafkaTool = keyof typeof addressOptions

/** How a tool runs. @internal */
export interface ToolOptions {
  /** What the tool reads. */
  readonly input?: string
  /** After it the tool is ended, and the call fails; 60 000 unless told. */
  readonly timeoutMs?: number
  /**
   * Properties of a client, to go through the listener that clients use, as one of them; only
   * where there is one broker. Unless told, the tool uses the listener between brokers, where
   * everybody may do everything.
   */
  readonly client?: Readonly<Record<string, string>>
}

/** The containers with Kafka's tools, and the brokers as seen from there. @internal */
export interface ToolPlace {
  readonly version: KafkaVersion
  readonly containers: readonly string[]
  readonly innerBootstrap: string
  readonly clientBootstrap: string
}

// How a tool is told where the brokers are, and what its client shall be like.
const addressOptions = {
  'kafka-acls': ['--bootstrap-server', '--command-config'],
  'kafka-configs': ['--bootstrap-server', '--command-config'],
  'kafka-console-consumer': ['--bootstrap-server', '--command-config'],
  'kafka-console-producer': ['--bootstrap-server', '--command-config'],
  'kafka-consumer-groups': ['--bootstrap-server', '--command-config'],
  'kafka-delete-records': ['--bootstrap-server', '--command-config'],
  'kafka-dump-log': [],
  'kafka-features': ['--bootstrap-server', '--command-config'],
  'kafka-get-offsets': ['--bootstrap-server', '--command-config'],
  'kafka-leader-election': ['--bootstrap-server', '--command-config'],
  'kafka-metadata-quorum': ['--bootstrap-server', '--command-config'],
  'kafka-producer-perf-test': [],
  'kafka-reassign-partitions': ['--bootstrap-server', '--command-config'],
  'kafka-storage': [],
  'kafka-topics': ['--bootstrap-server', '--command-config'],
  'kafka-transactions': ['--bootstrap-server', '--command-config'],
} as const satisfies Record<string, readonly string[]>

// What 3.9 calls the second option of these; 4 is about to drop it.
const olderConfigOptions: Partial<Record<KafkaTool, string>> = {
  'kafka-console-consumer': '--consumer.config',
  'kafka-console-producer': '--producer.config',
  'kafka-leader-election': '--admin.config',
}

/**
 * Runs one of Kafka's tools in the container of a broker, told where the brokers are.
 * @throws Error when it runs longer than it may, when no broker runs, or when it shall be a client
 * of more than one broker
 * @internal
 */
export async function runTool(
  place: ToolPlace,
  name: KafkaTool,
  toolArguments: readonly string[],
  { client, ...options }: ToolOptions = {},
): Promise<ExecuteResult> {
  const container = await firstRunning(place.containers)
  if (container === undefined) throw new Error(`no broker runs, and so "${name}" cannot`)
  const [address] = addressOptions[name]
  const command = [`/opt/kafka/bin/${name}.sh`]
  if (address !== undefined) {
    command.push(address, client === undefined ? place.innerBootstrap : place.clientBootstrap)
  }
  const config = configOption(name, place.version)
  if (client === undefined || config === undefined) {
    return execute(container, [...command, ...toolArguments], options)
  }
  if (place.containers.length > 1) {
    throw new Error(`"${name}" can be a client of one broker only: it would not reach the others`)
  }
  const file = `/tmp/client-${process.pid}-${performance.now()}.properties`
  const script = `printf %s "$PROPERTIES" >"${file}" && exec "$@"`
  const lines = Object.entries(client).map(([key, value]) => `${key}=${value}\n`)
  return execute(
    container,
    ['sh', '-c', script, 'tool', ...command, config, file, ...toolArguments],
    { ...options, environment: { PROPERTIES: lines.join('') } },
  )
}

function configOption(name: KafkaTool, version: KafkaVersion): string | undefined {
  const older = version === '3.9' ? olderConfigOptions[name] : undefined
  return older ?? addressOptions[name][1]
}

/** Runs a tool that must succeed. @throws Error with its output @internal */
export async function runToolWell(
  place: ToolPlace,
  name: KafkaTool,
  toolArguments: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await runTool(place, name, toolArguments, options)
  if (exitCode === 0) return stdout
  const line = [name, ...toolArguments].join(' ')
  throw new Error(`"${line}" ended with ${exitCode}:\n${stdout}${stderr}`)
}
