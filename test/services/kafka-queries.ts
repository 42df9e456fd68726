import type { ExecuteResult } from './execute.ts'
import {
  type ConsumedRecord,
  type ConsumeOptions,
  consumeCommitted,
  parseTable,
} from './kafka-records.ts'
import {
  type KafkaTool,
  runTool,
  runToolWell,
  type ToolOptions,
  type ToolPlace,
} from './kafka-tools.ts'

/** How a topic is. @internal */
export interface TopicOptions {
  /** 1 unless told. */
  readonly partitions?: number
  /** As many as there are brokers unless told. */
  readonly replication?: number
  readonly config?: Readonly<Record<string, string>>
}

/** A transaction without an end yet, as Kafka's own tool lists it. @internal */
export interface OpenTransaction {
  readonly transactionalId: string
  readonly producerId: bigint
  /** Kafka's word: `Ongoing`, `PrepareCommit`, `PrepareAbort`, `PrepareEpochFence`. */
  readonly state: string
}

/** What Kafka's own tools do and say. Each call starts one or two, of about a second. @internal */
export interface KafkaQueries {
  /** Runs a tool, told where the brokers are. It may fail: see the exit code. */
  tool(
    name: KafkaTool,
    toolArguments: readonly string[],
    options?: ToolOptions,
  ): Promise<ExecuteResult>
  createTopic(name: string, options?: TopicOptions): Promise<void>
  deleteTopic(name: string): Promise<void>
  /** Reads all committed records without any of our code; see `ConsumeOptions`. */
  consumeCommitted(topic: string, options?: ConsumeOptions): Promise<readonly ConsumedRecord[]>
  /** The offset behind the last record or marker, by partition. */
  endOffsets(topic: string): Promise<ReadonlyMap<number, bigint>>
  openTransactions(): Promise<readonly OpenTransaction[]>
}

/** @internal */
export function kafkaQueries(place: ToolPlace): KafkaQueries {
  return {
    tool: (...call) => runTool(place, ...call),
    async createTopic(name, options = {}) {
      await runToolWell(place, 'kafka-topics', ['--create', '--topic', name, ...described(options)])
    },
    async deleteTopic(name) {
      await runToolWell(place, 'kafka-topics', ['--delete', '--topic', name])
    },
    consumeCommitted: (topic, options) => consumeCommitted(place, topic, options),
    endOffsets: (topic) => endOffsets(place, topic),
    openTransactions: () => openTransactions(place),
  }
}

function described({ partitions = 1, replication, config = {} }: TopicOptions): string[] {
  const entries = Object.entries(config)
  return [
    ...['--partitions', String(partitions)],
    ...(replication === undefined ? [] : ['--replication-factor', String(replication)]),
    ...entries.flatMap(([name, value]) => ['--config', `${name}=${value}`]),
  ]
}

async function endOffsets(place: ToolPlace, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const output = await runToolWell(place, 'kafka-get-offsets', ['--topic', topic])
  const ends = new Map<number, bigint>()
  for (const line of output.trim().split('\n')) {
    const [, partition, offset] = /^.+:(\d+):(\d+)$/.exec(line) ?? []
    if (offset === undefined) throw new Error(`not the end of a partition: "${line}"`)
    ends.set(Number(partition), BigInt(offset))
  }
  return ends
}

const endedStates = new Set(['Empty', 'CompleteCommit', 'CompleteAbort', 'Dead'])

async function openTransactions(place: ToolPlace): Promise<readonly OpenTransaction[]> {
  const rows = parseTable(await runToolWell(place, 'kafka-transactions', ['list']))
  return rows
    .map((row) => ({
      transactionalId: cell(row, 'TransactionalId'),
      producerId: BigInt(cell(row, 'ProducerId')),
      state: cell(row, 'TransactionState'),
    }))
    .filter(({ state }) => !endedStates.has(state))
}

function cell(row: ReadonlyMap<string, string>, column: string): string {
  const text = row.get(column)
  if (text === undefined) throw new Error(`there is no column "${column}" in what the tool printed`)
  return text
}
