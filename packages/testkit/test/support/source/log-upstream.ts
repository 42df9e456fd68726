import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
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
    appendFileSync(join(this.directory, 'log'), lines.join(''))
  }

  /** Records that come later have a field more. */
  addColumn(): void {
    this.#write('columns', 1)
  }

  /** The lines behind a place. */
  after(place: number): readonly LogLine[] {
    const file = join(this.directory, 'log')
    if (!existsSync(file)) return this.#nothing()
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    return lines.slice(place).map((line, index) => ({
      ...(fromStoredText(line) as Pick<LogLine, 'record'>),
      place: place + index + 1,
    }))
  }

  get end(): number {
    return this.after(0).length
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
    const splits = new Set(this.after(0).flatMap(({ record }) => (record ? [record.split] : [])))
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

  /** Nothing was written yet; or there is no such log at all. */
  #nothing(): readonly LogLine[] {
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
