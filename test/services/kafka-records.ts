import { randomBytes } from 'node:crypto'
import { runTool, type ToolPlace } from './kafka-tools.ts'

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
   * How long to wait for another record. Unless told, 1000, and 3000 with `openTransactions`; that
   * grows when it was too short.
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
  topic: string,
  options: ConsumeOptions = {},
): Promise<readonly ConsumedRecord[]> {
  const { partition, openTransactions = false, idleMs } = options
  const goal = openTransactions ? ['behind', 'at-end'] : ['at-end']
  const idleMsFirst = idleMs ?? (openTransactions ? 3_000 : 1_000)
  for (let wait = idleMsFirst; wait <= Math.max(idleMsFirst, idleMsMax); wait *= 2) {
    const { records, position } = await consume(place, topic, wait)
    if (goal.includes(position)) {
      return records.filter((record) => partition === undefined || record.partition === partition)
    }
    if (idleMs !== undefined) break
  }
  throw new Error(
    `the end of the topic "${topic}" was not reached: a transaction may be open. ` +
      'Then say so by the option "openTransactions".',
  )
}

async function consume(place: ToolPlace, topic: string, idleMs: number) {
  const group = `oracle-${randomBytes(6).toString('hex')}`
  const property = place.version === '3.9' ? '--property' : '--formatter-property'
  const { stdout, stderr } = await runTool(place, 'kafka-console-consumer', [
    ...['--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'],
    ...['--group', group, '--timeout-ms', String(idleMs)],
    ...printed.flatMap((setting) => [property, setting]),
  ])
  const records = parseConsumed(stdout)
  if (!stderr.includes(`Processed a total of ${records.length} messages`)) {
    throw new Error(`the console consumer counted other records than ${records.length}: ${stderr}`)
  }
  return { records, position: await positionOf(place, group) }
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

type Position = 'nowhere' | 'behind' | 'at-end'

// The consumer commits where it stands, also behind the markers of transactions, when it ends. One
// that had no time to join its group stands nowhere.
async function positionOf(place: ToolPlace, group: string): Promise<Position> {
  const describe = ['--describe', '--group', group]
  const { stdout } = await runTool(place, 'kafka-consumer-groups', describe)
  const rows = parseTable(stdout)
  const lags = rows.map((row) => row.get('LAG') ?? '')
  if (rows.length === 0 || lags.some((lag) => !/^\d+$/.test(lag))) return 'nowhere'
  return lags.every((lag) => lag === '0') ? 'at-end' : 'behind'
}

/** The rows of a table with a head, of Kafka's tools. Cells are without spaces. @internal */
export function parseTable(output: string): readonly ReadonlyMap<string, string>[] {
  const [head = [], ...rows] = output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().split(/\s+/))
  return rows.map((row) => new Map(head.map((name, index) => [name, row[index] ?? ''])))
}
