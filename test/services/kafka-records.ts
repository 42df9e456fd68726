import { randomBytes } from 'node:crypto'
import type { KafkaVersion } from './kafka-service.ts'
import { runTool, runToolWell, type ToolPlace } from './kafka-tools.ts'

/** A record as Kafka's console consumer, which knows none of our code, prints it. @internal */
export interface ConsumedRecord {
  readonly partition: number
  readonly offset: bigint
  /** In ms. */
  readonly timestamp: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'
  readonly key: string | undefined
  readonly value: string | undefined
  /** In their order; a value that is absent is undefined. */
  readonly headers: readonly (readonly [name: string, value: string | undefined])[]
}

/** What to read. @internal */
export interface ConsumeOptions {
  /** Keeps the records of one partition; all unless told. */
  readonly partition?: number
  /**
   * True: a transaction may be open, before which the committed records end. Then the end is where
   * nothing more came for `idleMs`. Unless told, the end is the end of the log: what is read is
   * checked to be all.
   */
  readonly openTransactions?: boolean
  /**
   * How long to wait for another record: 1000 unless told, which grows when it was too short, and
   * 3000 with `openTransactions`.
   */
  readonly idleMs?: number
}

// Control characters, which records of tests do not contain.
const fieldEnd = '\u001f'
const recordEnd = '\u001e'
const headerEnd = '\u001d'
const absent = '\u0010'
const idleMsMax = 8_000

/**
 * Reads the committed records of a topic from the beginning, in the order of each partition.
 * @throws Error when the end was not reached, or a record is not text without control characters
 * @internal
 */
export async function consumeCommitted(
  place: ToolPlace,
  version: KafkaVersion,
  topic: string,
  options: ConsumeOptions = {},
): Promise<readonly ConsumedRecord[]> {
  const { partition, openTransactions = false } = options
  const { idleMs = openTransactions ? 3_000 : 1_000 } = options
  const group = `oracle-${randomBytes(6).toString('hex')}`
  const property = version === '3.9' ? '--property' : '--formatter-property'
  const toolArguments = [
    ...['--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'],
    ...['--group', group, '--timeout-ms', String(idleMs)],
    ...printed.flatMap((setting) => [property, setting]),
  ]
  const { stdout, stderr } = await runTool(place, 'kafka-console-consumer', toolArguments)
  const records = parseConsumed(stdout)
  if (!stderr.includes(`Processed a total of ${records.length} messages`)) {
    throw new Error(`the console consumer counted other records than ${records.length}: ${stderr}`)
  }
  if (!openTransactions && !(await reachedEnd(place, group))) {
    if (idleMs < idleMsMax) {
      return consumeCommitted(place, version, topic, { ...options, idleMs: idleMs * 2 })
    }
    throw new Error(
      `the end of the topic "${topic}" was not reached: a transaction may be open. ` +
        'Then say so by the option "openTransactions".',
    )
  }
  if (partition === undefined) return records
  return records.filter((record) => record.partition === partition)
}

const printed = [
  ...['timestamp', 'partition', 'offset', 'headers', 'key', 'value'].map(
    (field) => `print.${field}=true`,
  ),
  `key.separator=${fieldEnd}`,
  `line.separator=${recordEnd}`,
  `headers.separator=${headerEnd}`,
  `null.literal=${absent}`,
]

/** The records in the output of the console consumer. @internal */
export function parseConsumed(output: string): readonly ConsumedRecord[] {
  const lines = output.split(recordEnd)
  const rest = lines.pop()
  if (rest !== '') throw new Error(`the output ends within a record: "${rest}"`)
  return lines.map(parseRecord)
}

const fieldsPattern = new RegExp(
  `^(CreateTime|LogAppendTime|NoTimestampType):?(-?\\d+)?${fieldEnd}` +
    `Partition:(\\d+)${fieldEnd}Offset:(\\d+)${fieldEnd}` +
    `([^${fieldEnd}]*)${fieldEnd}([^${fieldEnd}]*)${fieldEnd}([^${fieldEnd}]*)$`,
)

function parseRecord(line: string): ConsumedRecord {
  const fields = fieldsPattern.exec(line)
  if (fields === null) throw new Error(`not what the console consumer prints: "${line}"`)
  const [, type, timestamp, partition, offset = '', headers = '', key = '', value = ''] = fields
  return {
    partition: Number(partition),
    offset: BigInt(offset),
    timestamp: Number(timestamp ?? -1),
    timestampType: timestampType(type),
    key: present(key),
    value: present(value),
    headers: parseHeaders(headers),
  }
}

function timestampType(text: string | undefined): ConsumedRecord['timestampType'] {
  return text === 'CreateTime' || text === 'LogAppendTime' ? text : 'NoTimestampType'
}

function parseHeaders(text: string): ConsumedRecord['headers'] {
  if (text === 'NO_HEADERS') return []
  return text.split(headerEnd).map((header) => {
    const colon = header.indexOf(':')
    if (colon < 0) throw new Error(`not a header: "${header}"`)
    return [header.slice(0, colon), present(header.slice(colon + 1))] as const
  })
}

function present(text: string): string | undefined {
  return text === absent ? undefined : text
}

// The consumer commits where it stands, also behind the markers of transactions, when it ends.
async function reachedEnd(place: ToolPlace, group: string): Promise<boolean> {
  const output = await runToolWell(place, 'kafka-consumer-groups', ['--describe', '--group', group])
  const rows = parseTable(output)
  return rows.length > 0 && rows.every((row) => row.get('LAG') === '0')
}

/** The rows of a table with a head, of Kafka's tools. Cells are without spaces. @internal */
export function parseTable(output: string): readonly ReadonlyMap<string, string>[] {
  const [head = [], ...rows] = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/))
  return rows.map((row) => new Map(head.map((name, index) => [name, row[index] ?? ''])))
}
