import { unreachable } from '../common/assert.ts'
import { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { type KeyIdentity, keyIdentity, keyOfIdentity, readKey, writeKey } from './key.ts'
import { type NumberColumns, readColumns } from './number-columns.ts'
import type { StateKind } from './state-descriptor.ts'
import type { EntryBlock } from './state-file.ts'
import {
  type StateTtl,
  type TimedList,
  type TimedMap,
  type TimedValue,
  unexpired,
} from './state-ttl.ts'
import { ValueReader, ValueWriter } from './value-codec.ts'

/**
 * An entry is what a state holds for one key: the key, and then, by the kind of the state
 *   value, reducing, aggregating: the value
 *   list: varint of the length, the values
 *   map: varint of the size, map key and value in turn
 * Before each value of a state with a time to live: float64, when it was used last, milliseconds
 * since 1970.
 */

/** Of which state entries are, for their form and for errors. @internal */
export interface EntryScope {
  readonly operatorId: string
  readonly stateName: string
  readonly kind: StateKind
  /** Values are stored with their times. */
  readonly ttl?: StateTtl | undefined
}

/** What a table keeps for one key of a state: the value, an array, or a map. @internal */
export type StoredList = unknown[]

/** The map of one key. @internal */
export type StoredMap = Map<KeyIdentity, unknown>

/** Writes the entries of one block into `out`. @internal */
export class EntryWriter {
  readonly out: ByteWriter
  readonly #scope: EntryScope
  readonly #values: ValueWriter
  readonly #now: number
  #count = 0

  /** `now`: what is expired by then is not written; of no matter without a time to live. */
  constructor(scope: EntryScope, out: ByteWriter, now: number) {
    this.out = out
    this.#scope = scope
    this.#now = now
    this.#values = new ValueWriter(out, describe(scope))
  }

  /** The number of entries written. */
  get count(): number {
    return this.#count
  }

  /** @throws FlinktsError FLINKTS_STATE_UNSERIALIZABLE */
  write(key: KeyIdentity, stored: unknown): void {
    const { kind, operatorId, ttl } = this.#scope
    if (ttl !== undefined) {
      this.#writeTimed(key, unexpired(kind, stored, { ttl, now: this.#now }))
      return
    }
    this.#count += 1
    writeKey(this.out, keyOfIdentity(key), operatorId)
    switch (kind) {
      case 'value':
      case 'reducing':
      case 'aggregating':
        this.#values.write(stored)
        return
      case 'list':
        this.#list(stored as StoredList)
        return
      case 'map':
        this.#map(stored as StoredMap)
        return
      default:
        unreachable(kind)
    }
  }

  #writeTimed(key: KeyIdentity, stored: unknown): void {
    if (stored === undefined) return
    const { kind, operatorId } = this.#scope
    writeKey(this.out, keyOfIdentity(key), operatorId)
    this.#count += 1
    switch (kind) {
      case 'value':
      case 'reducing':
      case 'aggregating':
        this.#timed(stored as TimedValue)
        return
      case 'list':
        this.#timedList(stored as TimedList)
        return
      case 'map':
        this.#timedMap(stored as TimedMap)
        return
      default:
        unreachable(kind)
    }
  }

  #timed({ value, at }: TimedValue): void {
    this.out.float64(at)
    this.#values.write(value)
  }

  #timedList({ values, times }: TimedList): void {
    this.out.varint(values.length)
    for (const [index, value] of values.entries()) {
      this.#timed({ value, at: times[index] as number })
    }
  }

  #timedMap(stored: TimedMap): void {
    this.out.varint(stored.size)
    for (const [key, timed] of stored) {
      writeKey(this.out, keyOfIdentity(key), this.#scope.operatorId)
      this.#timed(timed)
    }
  }

  #list(stored: StoredList): void {
    this.out.varint(stored.length)
    for (const value of stored) this.#values.write(value)
  }

  #map(stored: StoredMap): void {
    this.out.varint(stored.size)
    for (const [key, value] of stored) {
      writeKey(this.out, keyOfIdentity(key), this.#scope.operatorId)
      this.#values.write(value)
    }
  }
}

/** How the times of stored values are found. @internal */
export interface StoredTimes {
  /** Whether they are stored with their times. */
  readonly timed: boolean
  /** The time of those that are not, and that by which values are expired. */
  readonly now: number
}

/** Reads the entries of one block. @internal */
export interface BlockReader {
  /** The key of the entry that was read last. */
  readonly key: KeyIdentity
  /**
   * What is stored in the entry that was read last: with times if the state has a time to live now;
   * `undefined`: all of it is expired.
   */
  readonly stored: unknown
  /** The number of bytes that are not read yet. */
  readonly remaining: number
  /**
   * Reads the next entry.
   *
   * @throws FlinktsError FLINKTS_STATE_UNREADABLE
   */
  read(): void
}

/** Reads a block that has one entry after the other. @internal */
export class EntryReader implements BlockReader {
  readonly #scope: EntryScope
  readonly #bytes: ByteReader
  readonly #values: ValueReader
  readonly #times: StoredTimes
  #key: KeyIdentity = ''
  #stored: unknown = undefined

  constructor(scope: EntryScope, bytes: Uint8Array, times: StoredTimes) {
    this.#scope = scope
    this.#times = times
    this.#bytes = new ByteReader(bytes)
    this.#values = new ValueReader(this.#bytes)
  }

  get remaining(): number {
    return this.#bytes.remaining
  }

  get key(): KeyIdentity {
    return this.#key
  }

  get stored(): unknown {
    return this.#stored
  }

  read(): void {
    this.#key = this.#identity()
    const { kind, ttl } = this.#scope
    const stored = this.#contents(kind)
    const { now } = this.#times
    this.#stored = ttl === undefined ? stored : unexpired(kind, stored, { ttl, now })
  }

  #contents(kind: StateKind): unknown {
    switch (kind) {
      case 'value':
      case 'reducing':
      case 'aggregating':
        return this.#value()
      case 'list':
        return this.#list()
      case 'map':
        return this.#map()
      default:
        return unreachable(kind)
    }
  }

  /** A value, with its time if the state has a time to live now. */
  #value(): unknown {
    const at = this.#time()
    const value = this.#values.read()
    return this.#scope.ttl === undefined ? value : ({ value, at } satisfies TimedValue)
  }

  #time(): number {
    return this.#times.timed ? this.#bytes.float64() : this.#times.now
  }

  #identity(): KeyIdentity {
    return keyIdentity(readKey(this.#bytes), this.#scope.operatorId)
  }

  #list(): StoredList | TimedList {
    const count = this.#bytes.count(1)
    const values: StoredList = []
    const times: number[] = []
    for (let i = 0; i < count; i += 1) {
      times.push(this.#time())
      values.push(this.#values.read())
    }
    return this.#scope.ttl === undefined ? values : { values, times }
  }

  #map(): StoredMap {
    const count = this.#bytes.count(2)
    const stored: StoredMap = new Map()
    for (let i = 0; i < count; i += 1) {
      const key = this.#identity()
      stored.set(key, this.#value())
    }
    return stored
  }
}

/** A block that has its entries by column. */
type ColumnBlock = Pick<EntryBlock, 'entries' | 'entryCount'>

/** Reads a block that has its entries by column. @internal */
export class ColumnReader implements BlockReader {
  readonly #scope: EntryScope
  readonly #columns: NumberColumns
  readonly #now: number
  readonly remaining: number
  #next = 0
  #key: KeyIdentity = 0
  #stored: unknown = 0

  /**
   * `now`: the time of the values, if the state has a time to live.
   *
   * @throws FlinktsError FLINKTS_STATE_UNREADABLE
   */
  constructor(scope: EntryScope, { entries, entryCount }: ColumnBlock, now: number) {
    const reader = new ByteReader(entries)
    this.#scope = scope
    this.#columns = readColumns(reader, entryCount)
    this.#now = now
    this.remaining = reader.remaining
  }

  get key(): KeyIdentity {
    return this.#key
  }

  get stored(): unknown {
    return this.#stored
  }

  read(): void {
    const { keys, values } = this.#columns
    const value = values[this.#next]
    this.#key = keyIdentity(keys[this.#next] as number, this.#scope.operatorId)
    this.#stored =
      this.#scope.ttl === undefined ? value : ({ value, at: this.#now } satisfies TimedValue)
    this.#next += 1
  }
}

/** The name of a state in messages. @internal */
export function describe(scope: EntryScope): string {
  return `state "${scope.stateName}" of operator "${scope.operatorId}"`
}
