import { unreachable } from '../common/assert.ts'
import { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { type KeyIdentity, keyIdentity, keyOfIdentity, readKey, writeKey } from './key.ts'
import type { StateKind } from './state-descriptor.ts'
import { ValueReader, ValueWriter } from './value-codec.ts'

/**
 * An entry is what a state holds for one key: the key, and then, by the kind of the state
 *   value: the value
 *   list: varint of the length, the values
 *   map: varint of the size, map key and value in turn
 */

/** Of which state entries are, for their form and for errors. @internal */
export interface EntryScope {
  readonly operatorId: string
  readonly stateName: string
  readonly kind: StateKind
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
  #count = 0

  constructor(scope: EntryScope, out: ByteWriter) {
    this.out = out
    this.#scope = scope
    this.#values = new ValueWriter(out, describe(scope))
  }

  /** The number of entries written. */
  get count(): number {
    return this.#count
  }

  /** @throws FlinktsError FLINKTS_STATE_UNSERIALIZABLE */
  write(key: KeyIdentity, stored: unknown): void {
    const { kind, operatorId } = this.#scope
    writeKey(this.out, keyOfIdentity(key), operatorId)
    this.#count += 1
    switch (kind) {
      case 'value':
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

/** Reads the entries of one block. @internal */
export class EntryReader {
  readonly #scope: EntryScope
  readonly #bytes: ByteReader
  readonly #values: ValueReader

  constructor(scope: EntryScope, bytes: Uint8Array) {
    this.#scope = scope
    this.#bytes = new ByteReader(bytes)
    this.#values = new ValueReader(this.#bytes)
  }

  /** The number of bytes that are not read yet. */
  get remaining(): number {
    return this.#bytes.remaining
  }

  /** @throws FlinktsError FLINKTS_STATE_UNREADABLE */
  read(): { readonly key: KeyIdentity; readonly stored: unknown } {
    const key = this.#key()
    const { kind } = this.#scope
    switch (kind) {
      case 'value':
        return { key, stored: this.#values.read() }
      case 'list':
        return { key, stored: this.#list() }
      case 'map':
        return { key, stored: this.#map() }
      default:
        return unreachable(kind)
    }
  }

  #key(): KeyIdentity {
    return keyIdentity(readKey(this.#bytes), this.#scope.operatorId)
  }

  #list(): StoredList {
    const count = this.#bytes.count(1)
    const stored: StoredList = []
    for (let i = 0; i < count; i += 1) stored.push(this.#values.read())
    return stored
  }

  #map(): StoredMap {
    const count = this.#bytes.count(2)
    const stored: StoredMap = new Map()
    for (let i = 0; i < count; i += 1) {
      const key = this.#key()
      stored.set(key, this.#values.read())
    }
    return stored
  }
}

/** The name of a state in messages. @internal */
export function describe(scope: EntryScope): string {
  return `state "${scope.stateName}" of operator "${scope.operatorId}"`
}
