/** A small, right output, written by hand, for tests that spoil it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Tables, TextRow } from '../src/tables.ts'
import type { Evidence } from '../src/verify.ts'

type Kind = 'changes' | 'revenue'

/** An id that a double cannot hold. */
const largeId = '9007199254740993'

const order = (id: string, status: string, amount: string): string =>
  `{"id":${id},"customer_id":1,"status":"${status}","amount":"${amount}"}`

/** The end of a line: where its change comes from. */
const from = (table: string, lsn: string, position?: number): string => {
  const index = position === undefined ? '' : `,"position":${position}`
  return `"source":{"table":"public.${table}","lsn":"${lsn}"${index}}}`
}

const change = (operation: string, rows: Readonly<Record<string, string>>, end: string): string => {
  const fields = Object.entries(rows).map(([name, row]) => `"${name}":${row},`)
  return `{"operation":"${operation}",${fields.join('')}${end}`
}

const total = (amount: string, revenue: string, end: string): string =>
  `{"customerId":1,"amount":"${amount}","revenue":"${revenue}",${end}`

const customer = '{"id":1,"name":"a","profile":"long"}'
const oldOrder = order('1', 'paid', '10.00')
const placedOrder = order(largeId, 'placed', '0.10')
const paidOrder = order(largeId, 'paid', '0.10')

const changeLines: readonly (readonly string[])[] = [
  [
    change('snapshot', { after: customer }, from('customers', '0/10')),
    change('snapshot', { after: oldOrder }, from('orders', '0/10')),
  ],
  [
    change('insert', { after: placedOrder }, from('orders', '0/20', 0)),
    change('update', { before: placedOrder, after: paidOrder }, from('orders', '0/20', 1)),
    change(
      'update',
      { after: '{"id":1,"name":"b"}', unchanged: '["profile"]' },
      from('customers', '0/20', 2),
    ),
  ],
  [change('delete', { before: oldOrder }, from('orders', '1/5', 0))],
]

const revenueLines: readonly (readonly string[])[] = [
  [
    total('10.00', '10.00', from('orders', '0/10')),
    total('0.10', '10.10', from('orders', '0/20', 1)),
  ],
  [total('-10.00', '0.10', from('orders', '1/5', 0))],
]

const tables: Tables = new Map<string, ReadonlyMap<string, TextRow>>([
  ['public.customers', new Map([['1', { id: '1', name: 'b', profile: 'long' }]])],
  [
    'public.orders',
    new Map([[largeId, { id: largeId, customer_id: '1', status: 'paid', amount: '0.10' }]]),
  ],
])

/** The output of a run in a directory of its own, with what the database says about it. */
export class WrittenOutput {
  readonly evidence: Evidence
  readonly #directory: string

  constructor() {
    this.#directory = mkdtempSync(path.join(tmpdir(), 'flinkts-verify-'))
    this.evidence = {
      changes: path.join(this.#directory, 'changes'),
      revenue: path.join(this.#directory, 'revenue'),
      tables,
      logged: [
        { lsn: 0x20n, changes: 3 },
        { lsn: 0x1_0000_0005n, changes: 1 },
      ],
      streamedSince: 0x10n,
    }
    this.#write('changes', changeLines)
    this.#write('revenue', revenueLines)
  }

  /** Rewrites a file, counted from 0 in the order of names. */
  spoil(kind: Kind, index: number, edit: (lines: string[]) => readonly string[]): void {
    const file = this.#file(kind, index)
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    writeFileSync(
      file,
      edit(lines)
        .map((line) => `${line}\n`)
        .join(''),
    )
  }

  /** Cuts bytes from the end of a file. */
  cut(kind: Kind, index: number, bytes: number): void {
    const file = this.#file(kind, index)
    writeFileSync(file, readFileSync(file).subarray(0, -bytes))
  }

  removeFile(kind: Kind, index: number): void {
    rmSync(this.#file(kind, index))
  }

  /** Puts a file that is being written beside the others. */
  addHidden(kind: Kind): void {
    writeFileSync(path.join(this.evidence[kind], '.part-9.jsonl'), '{"half a')
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true })
  }

  #write(kind: Kind, files: readonly (readonly string[])[]): void {
    mkdirSync(this.evidence[kind])
    for (const [index, lines] of files.entries()) {
      const name = path.join(this.evidence[kind], `part-${index}.jsonl`)
      writeFileSync(name, lines.map((line) => `${line}\n`).join(''))
    }
  }

  #file(kind: Kind, index: number): string {
    const names = readdirSync(this.evidence[kind]).toSorted()
    return path.join(this.evidence[kind], names[index] ?? '')
  }
}
