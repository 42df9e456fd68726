import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlinktsError } from '@flinkts/core/connector'
import type { KitRecord } from '../../../src/records/kit-record.ts'
import { fromStoredText, storedText } from '../stored-records.ts'

/** A record of the log. */
export interface LogRecord extends KitRecord {
  /** The one whose key was changed into that of this one. */
  readonly replaces?: KitRecord
}

/** What a record of the log tells. */
export function changesOf({ replaces, ...record }: LogRecord): readonly KitRecord[] {
  return replaces === undefined ? [record] : [{ ...replaces, operation: 'delete' }, record]
}

/** A line of the log; one without a record is not for the source. */
export interface LogLine {
  /** Of the line in the log, from 1. */
  readonly place: number
  readonly record: LogRecord | undefined
}

/** A line without what it says. */
interface LogEntry {
  /** Where it ends in bytes, exclusive. */
  readonly end: number
  /** Absent: it is not for the source. */
  readonly split?: number
}

/**
 * The system that sources of these tests read: one log of records, with what was acknowledged by
 * each split, and up to where it was pruned.
 */
export class LogUpstream {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** The name is a part of that of the directory. */
  static async create(name = ''): Promise<LogUpstream> {
    return new LogUpstream(await mkdtemp(join(tmpdir(), `flinkts-testkit-log-${name}-`)))
  }

  append(records: readonly (LogRecord | undefined)[]): void {
    const more = existsSync(join(this.directory, 'columns')) ? { more: 'a value' } : {}
    const lines = records.map(
      (record) => `${storedText({ record: record && { ...record, ...more } })}\n`,
    )
    let end = existsSync(this.#log) ? statSync(this.#log).size : 0
    const entries = lines.map((line, index) => {
      end += Buffer.byteLength(line)
      return `${JSON.stringify({ end, split: records[index]?.split })}\n`
    })
    appendFileSync(this.#log, lines.join(''))
    appendFileSync(this.#index, entries.join(''))
  }

  /** Records that come later have a field more. */
  addColumn(): void {
    this.#write('columns', 1)
  }

  /** The lines behind a place, at most so many: nothing else is read. */
  after(place: number, count: number = Number.POSITIVE_INFINITY): readonly LogLine[] {
    const entries = this.entries()
    const start = entries[place - 1]?.end ?? 0
    const wanted = entries.slice(place, place + count)
    const last = wanted.at(-1)
    if (last === undefined) return []
    const bytes = bytesOf(this.#log, start, last.end)
    return wanted.map(({ end }, index) => {
      const line = bytes.subarray((wanted[index - 1]?.end ?? start) - start, end - start)
      const content = fromStoredText(line.toString()) as Pick<LogLine, 'record'>
      return { ...content, place: place + index + 1 }
    })
  }

  /** Of which split each line is. */
  entries(): readonly LogEntry[] {
    if (!existsSync(this.#index)) return this.#nothing()
    const lines = readFileSync(this.#index, 'utf8').split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as LogEntry)
  }

  get end(): number {
    return this.entries().length
  }

  /** Believes whatever it is told. */
  acknowledge(split: string, place: number): void {
    this.#write(`acked-${split}`, place)
  }

  acknowledgedBy(split: string): number {
    return this.#read(`acked-${split}`)
  }

  /** Up to where all splits have acknowledged. */
  get acknowledged(): number {
    const names = readdirSync(this.directory).filter((name) => name.startsWith('acked-'))
    const splits = new Set(this.entries().flatMap(({ split }) => split ?? []))
    if (!names.includes('acked-all') && names.length < splits.size) return 0
    return Math.min(...names.map((name) => this.#read(name)))
  }

  prune(): void {
    this.#write('pruned', this.end)
  }

  get pruned(): number {
    return this.#read('pruned')
  }

  /** Every connection is lost. */
  kick(): void {
    this.#write('kicks', this.kicks + 1)
  }

  get kicks(): number {
    return this.#read('kicks')
  }

  remember(name: string, place: number): void {
    this.#write(`memory-${name}`, place)
  }

  remembered(name: string): number {
    return this.#read(`memory-${name}`)
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }

  get #log(): string {
    return join(this.directory, 'log')
  }

  get #index(): string {
    return join(this.directory, 'index')
  }

  /** Nothing was written yet; or there is no such log at all. */
  #nothing(): readonly [] {
    if (existsSync(this.directory)) return []
    throw new FlinktsError('FLINKTS_STORAGE_FAILED', 'the log is not there', {
      hint: 'Wait until it is mounted.',
    })
  }

  #write(name: string, value: number): void {
    writeFileSync(join(this.directory, name), String(value))
  }

  #read(name: string): number {
    const file = join(this.directory, name)
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  }
}

function bytesOf(file: string, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, bytes, 0, bytes.length, start)
  closeSync(descriptor)
  return bytes
}
