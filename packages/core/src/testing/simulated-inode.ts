/**
 * What a file system keeps apart: what programs see, and what is on the medium. A change is seen at
 * once, and is on the medium for certain when what it changes has been synced. When the power goes,
 * each change that is not may be there, in whole or in part, or not: in whatever order they came.
 */
import { type Prng, randomBelow } from '../common/prng.ts'

/** @internal */
export type Inode = FileInode | DirectoryInode

/** A change that is seen, and not synced. @internal */
export interface UnsyncedChange {
  readonly inode: Inode
  /**
   * What has to be there if this is: a file that is moved between directories may be seen in both,
   * never in none (rename(2)).
   */
  readonly requires?: UnsyncedChange
  /** Brings it to the medium. */
  persist(): void
  /** Brings a part of it to the medium, if it has parts. */
  persistPart(prng: Prng): void
}

/** Bytes, whatever their name. @internal */
export class FileInode {
  readonly type = 'file'
  readonly number: number
  #seen: Uint8Array = new Uint8Array()
  #durable: Uint8Array = new Uint8Array()

  constructor(number: number) {
    this.number = number
  }

  get bytes(): Uint8Array {
    return this.#seen
  }

  truncate(): UnsyncedChange {
    this.#seen = new Uint8Array()
    const persist = (): void => {
      this.#durable = new Uint8Array()
    }
    return { inode: this, persist, persistPart: persist }
  }

  append(bytes: Uint8Array): UnsyncedChange {
    const start = this.#seen.byteLength
    const written = bytes.slice()
    this.#seen = overlaid(this.#seen, written, start)
    const persist = (part: Uint8Array): void => {
      this.#durable = overlaid(this.#durable, part, start)
    }
    return {
      inode: this,
      persist: () => persist(written),
      persistPart: (prng) => persist(partOf(written, prng)),
    }
  }

  restart(): void {
    this.#seen = this.#durable
  }
}

/** Names, and what they stand for. @internal */
export class DirectoryInode {
  readonly type = 'directory'
  readonly number: number
  #seen: Map<string, Inode> = new Map()
  #durable: ReadonlyMap<string, Inode> = new Map()

  constructor(number: number) {
    this.number = number
  }

  get entries(): ReadonlyMap<string, Inode> {
    return this.#seen
  }

  /** Sets entries, or removes them, all at one instant: no part of it is ever on the medium. */
  set(entries: ReadonlyMap<string, Inode | undefined>, requires?: UnsyncedChange): UnsyncedChange {
    this.#seen = withEntries(this.#seen, entries)
    const persist = (): void => {
      this.#durable = withEntries(this.#durable, entries)
    }
    const change = { inode: this, persist, persistPart: persist }
    return requires === undefined ? change : { ...change, requires }
  }

  restart(): void {
    this.#seen = new Map(this.#durable)
  }
}

function withEntries(
  before: ReadonlyMap<string, Inode>,
  changed: ReadonlyMap<string, Inode | undefined>,
): Map<string, Inode> {
  const after = new Map(before)
  for (const [name, inode] of changed) {
    if (inode === undefined) after.delete(name)
    else after.set(name, inode)
  }
  return after
}

/** What lies between the end and `start` reads as zeros. */
function overlaid(bytes: Uint8Array, part: Uint8Array, start: number): Uint8Array {
  const both = new Uint8Array(Math.max(bytes.byteLength, start + part.byteLength))
  both.set(bytes)
  both.set(part, start)
  return both
}

/** The beginning of it; or its length only, as when a file's size reaches the medium first. */
function partOf(bytes: Uint8Array, prng: Prng): Uint8Array {
  const length = randomBelow(prng, bytes.byteLength + 1)
  return randomBelow(prng, 2) === 0 ? bytes.slice(0, length) : new Uint8Array(bytes.byteLength)
}
