import type { OutputEvent, OutputRow } from './output-event.ts'

/**
 * Reads the lines of one file of a peer, in order; undefined for a line that is no event (a header,
 * the begin of a transaction).
 *
 * @throws if a line is torn.
 */
export type LineParser = (line: string) => OutputEvent | undefined

/** How a peer writes. */
export interface OutputFormat {
  /** Which files are output. */
  readonly files: RegExp
  /** Files in the order of their events: compares paths. */
  readonly order: (one: string, other: string) => number
  /** A parser for one file. */
  readonly createParser: () => LineParser
  /** Whether a line that begins with this byte is an event; all are unless said. */
  readonly isEvent?: (firstByte: number) => boolean
  /** Lines at the head of a file that are no events. */
  readonly headerLines?: number
}

type JsonFields = Readonly<Record<string, unknown>>

function byName(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

/** The records of `postgresCdc` as JSON lines. */
export const flinktsFormat: OutputFormat = {
  files: /\.jsonl$/,
  order: byName,
  createParser: () => (line) => {
    const { operation, key, after } = JSON.parse(line) as {
      readonly operation: string
      readonly key: { readonly id: number }
      readonly after?: JsonFields
    }
    const known = operations[operation]
    if (known === undefined) throw new TypeError(`unknown operation "${operation}"`)
    return { operation: known, id: key.id, row: after === undefined ? undefined : rowOf(after) }
  },
}

const operations: Readonly<Record<string, OutputEvent['operation']>> = {
  snapshot: 'read',
  insert: 'insert',
  update: 'update',
  delete: 'delete',
}

/** What `peers/careful-library-main.mjs` writes. */
export const carefulFormat: OutputFormat = {
  files: /\.jsonl$/,
  order: byName,
  createParser: () => (line) => {
    const { operation, id, row } = JSON.parse(line) as {
      readonly operation: OutputEvent['operation']
      readonly id: string
      readonly row?: JsonFields
    }
    return { operation, id: Number(id), row: row === undefined ? undefined : rowOf(row) }
  },
}

/**
 * CSV with a header and a column `__op` in the files of changes; the snapshot's file comes first.
 */
export const rivetFormat: OutputFormat = {
  files: /\.csv$/,
  order: (one, other) => byName(rivetRank(one) + one, rivetRank(other) + other),
  headerLines: 1,
  createParser: () => {
    let names: readonly string[] | undefined
    return (line) => {
      const values = csvValues(line)
      if (names === undefined) {
        names = values
        return undefined
      }
      if (values.length !== names.length) throw new TypeError('a line lacks columns')
      const fields = Object.fromEntries(names.map((name, index) => [name, values[index]]))
      const operation = operations[fields['__op'] ?? 'snapshot']
      if (operation === undefined) throw new TypeError('a line has an unknown operation')
      const row = operation === 'delete' ? undefined : rowOf(fields)
      return { operation, id: Number(fields['id']), row }
    }
  },
}

function rivetRank(file: string): string {
  return file.includes('snapshot') ? '0' : '1'
}

/** The values of a line without line breaks in its values. */
function csvValues(line: string): readonly string[] {
  const values: string[] = []
  let at = 0
  while (at <= line.length) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at)
      const end = comma === -1 ? line.length : comma
      values.push(line.slice(at, end))
      at = end + 1
      continue
    }
    const end = closingQuote(line, at + 1)
    values.push(line.slice(at + 1, end).replaceAll('""', '"'))
    at = end + 2
  }
  return values
}

function closingQuote(line: string, from: number): number {
  for (let at = from; ; at += 2) {
    at = line.indexOf('"', at)
    if (at === -1) throw new TypeError('a value has no end')
    if (line[at + 1] !== '"') return at
  }
}

const letterB = 0x42
const letterC = 0x43

/** The snapshot as tab-separated COPY text, the changes as `test_decoding` tells them. */
export const recvlogicalFormat: OutputFormat = {
  files: /\.txt$/,
  order: byName,
  isEvent: (first) => first !== letterB && first !== letterC,
  createParser: () => (line) => {
    if (line === 'BEGIN' || line === 'COMMIT') return undefined
    const match = decodedChange.exec(line)
    if (match === null) return copiedRow(line)
    const [, operation = '', columns = ''] = match
    const fields = decodedColumns(columns)
    const known = operations[operation.toLowerCase()]
    if (known === undefined) throw new TypeError(`unknown operation "${operation}"`)
    const row = known === 'delete' ? undefined : rowOf(fields)
    return { operation: known, id: Number(fields['id']), row }
  },
}

const decodedChange = /^table public\.orders: (INSERT|UPDATE|DELETE): (.*)$/
/** `note[text]:'it''s'`, `id[bigint]:5` */
const decodedColumn = /(\w+)\[[^\]]+\]:(?:'((?:[^']|'')*)'|(\S+))/g
const copiedColumns = ['id', 'customer_id', 'amount', 'status', 'note', 'created_at', 'payload']

function decodedColumns(text: string): JsonFields {
  const columns = [...text.matchAll(decodedColumn)]
  return Object.fromEntries(
    columns.map(([, name = '', quoted, plain]) => [name, quoted?.replaceAll("''", "'") ?? plain]),
  )
}

/** No value of the data set holds what COPY would escape. */
function copiedRow(line: string): OutputEvent {
  const values = line.split('\t')
  if (values.length !== copiedColumns.length) throw new TypeError('a line lacks columns')
  const fields = Object.fromEntries(copiedColumns.map((name, index) => [name, values[index]]))
  return { operation: 'read', id: Number(fields['id']), row: rowOf(fields) }
}

function rowOf(fields: JsonFields): OutputRow {
  return {
    customerId: String(fields['customer_id']),
    amount: String(fields['amount']),
    status: String(fields['status']),
    note: String(fields['note']),
    createdAt: String(fields['created_at']),
    payload: fields['payload'],
  }
}
