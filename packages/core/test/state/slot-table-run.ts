import { isDeepStrictEqual } from 'node:util'
import { type Prng, randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { keyHash, type KeyIdentity, keyIdentity, keyOfIdentity } from '../../src/state/key.ts'
import { type PreImages, SlotTable } from '../../src/state/slot-table.ts'
import { pick } from './random-value.ts'

type Make<T> = (prng: Prng) => T
type Model = Map<KeyIdentity, unknown>

const integer: Make<number> = (prng) => randomBelow(prng, 40) - 20
const wide: Make<number> = (prng) =>
  pick(prng, [2 ** 31, -(2 ** 31) - 1, 2 ** 53, 0.5, -1e300, Number.POSITIVE_INFINITY])

/** Keys by what they are: tables begin with one kind, and some get another one later. */
const keyKinds: readonly Make<KeyIdentity>[] = [
  integer,
  (prng) => pick(prng, [integer, wide])(prng),
  (prng) => `key ${randomBelow(prng, 40)}`,
  (prng) => keyIdentity(['tuple', randomBelow(prng, 40)], 'op'),
  (prng) => BigInt(randomBelow(prng, 40)),
]

/** Values by what they are: they switch from one kind to another, and back. */
const valueKinds: readonly Make<unknown>[] = [
  integer,
  () => 0,
  (prng) => pick<unknown>(prng, [-0, 0, Number.NaN, wide(prng), integer(prng)]),
  (prng) => pick<unknown>(prng, [{ count: randomBelow(prng, 9) }, 'text', true, 7n, [1], -0, 1]),
]

/** What went wrong with a table and its snapshots, and what went on. */
export interface TableRun {
  readonly snapshotsChecked: number
  readonly wrong: readonly string[]
}

/**
 * Does random things with a table and with a `Map`, which must be the same all the time; and so
 * must be every snapshot, whatever happens while it is read.
 */
export function runTable(seed: number, operations: number): TableRun {
  const run = new Run(new SeededPrng(seed))
  for (let i = 0; i < operations; i += 1) run.operate()
  run.end()
  return run
}

class Run implements TableRun {
  snapshotsChecked = 0
  readonly wrong: string[] = []
  readonly #prng: Prng
  readonly #table: SlotTable
  readonly #model: Model = new Map()
  readonly #open: Snapshot[] = []
  #epoch = 0
  #makeKey: Make<KeyIdentity>
  #makeValue: Make<unknown>
  /** Of entries, since there was none. */
  #most = 0

  constructor(prng: Prng) {
    this.#prng = prng
    this.#table = new SlotTable(1 + randomBelow(prng, 4))
    this.#makeKey = pick(prng, keyKinds)
    this.#makeValue = pick(prng, valueKinds)
  }

  operate(): void {
    const prng = this.#prng
    if (prng.next() < 0.01) this.#makeKey = pick(prng, keyKinds)
    if (prng.next() < 0.03) this.#makeValue = pick(prng, valueKinds)
    if (prng.next() < 0.002) this.#removeAll()
    if (prng.next() < 0.002) this.#table.reserve(randomBelow(prng, 50))
    const key = this.#makeKey(prng)
    const slot = this.#find(key)
    if (slot >= 0 !== this.#model.has(key)) this.wrong.push(`finds ${String(key)} in slot ${slot}`)
    if (slot < 0) this.#insert(key)
    else this.#change(key, slot)
    if (this.#open.length < 3 && prng.next() < 0.05) this.#takeSnapshot()
    if (this.#open.length > 0 && prng.next() < 0.3) this.#readOn()
    this.#check()
  }

  end(): void {
    while (this.#open.length > 0) this.#readOn()
    const entries: Model = new Map()
    this.#table.forEach((key, stored) => entries.set(key, stored))
    if (!isDeepStrictEqual(entries, this.#model)) this.wrong.push('visits other entries')
    for (const [key, value] of this.#model) {
      if (!isDeepStrictEqual(this.#table.peek(this.#find(key)), value)) {
        this.wrong.push(`holds something else for ${String(key)}`)
      }
    }
  }

  #find(key: KeyIdentity): number {
    return this.#table.find(hashOf(key), key)
  }

  #insert(key: KeyIdentity): void {
    const value = this.#makeValue(this.#prng)
    this.#table.insert(hashOf(key), key, value)
    this.#model.set(key, structuredClone(value))
  }

  #change(key: KeyIdentity, slot: number): void {
    const value = this.#makeValue(this.#prng)
    const action = randomBelow(this.#prng, 5)
    if (action === 0) {
      this.#remove(key, slot)
    } else if (action === 1) {
      const touched = this.#table.touch(slot)
      const expected = this.#model.get(key)
      if (!isDeepStrictEqual(touched, expected)) this.wrong.push(`gives ${String(touched)}`)
      changeInPlace(touched)
      changeInPlace(expected)
    } else {
      this.#table.replace(slot, value)
      this.#model.set(key, structuredClone(value))
    }
  }

  #remove(key: KeyIdentity, slot: number): void {
    this.#table.remove(hashOf(key), slot)
    this.#model.delete(key)
  }

  #removeAll(): void {
    for (const key of [...this.#model.keys()]) this.#remove(key, this.#find(key))
    this.#check()
  }

  #check(): void {
    const { size, slotCount } = this.#table
    this.#most = size === 0 ? 0 : Math.max(this.#most, size)
    if (size !== this.#model.size) this.wrong.push(`has ${size} entries`)
    if (slotCount !== this.#most) this.wrong.push(`has ${slotCount} slots, not ${this.#most}`)
  }

  #takeSnapshot(): void {
    this.#epoch += 1
    this.#open.push(new Snapshot(this.#epoch, this.#table, structuredClone(this.#model)))
  }

  /** Any of the open ones; rarely, it is given up instead. */
  #readOn(): void {
    const index = randomBelow(this.#prng, this.#open.length)
    const snapshot = this.#open[index]
    if (snapshot === undefined) return
    const givenUp = this.#prng.next() < 0.01
    if (!givenUp && !snapshot.scan(1 + randomBelow(this.#prng, 12))) return
    this.#table.detach(snapshot)
    this.#open.splice(index, 1)
    if (givenUp) return
    this.snapshotsChecked += 1
    this.wrong.push(...snapshot.wrong())
  }
}

/** Reads a table as a snapshot of keyed state does. */
class Snapshot implements PreImages {
  readonly epoch: number
  cursor = 0
  readonly #table: SlotTable
  readonly #slotCount: number
  readonly #expected: Model
  readonly #entries: Model = new Map()
  readonly #twice: KeyIdentity[] = []

  constructor(epoch: number, table: SlotTable, expected: Model) {
    this.epoch = epoch
    this.#table = table
    this.#slotCount = table.slotCount
    this.#expected = expected
    table.attach(this)
  }

  preserve(first: number, end: number): void {
    if (this.#table.numeric) {
      const { keys, values } = this.#table.columns(first, end)
      for (const [index, key] of keys.entries()) this.#add(key, values[index])
      return
    }
    for (let slot = first; slot < end; slot += 1) {
      const key = this.#table.keyAt(slot)
      if (key !== undefined) this.#add(key, structuredClone(this.#table.peek(slot)))
    }
  }

  /** Whether all slots were looked at. */
  scan(slotsMax: number): boolean {
    const end = Math.min(this.cursor + slotsMax, this.#slotCount)
    while (this.cursor < end) {
      const first = this.cursor
      this.cursor = this.#table.pageEnd(first)
      if (this.#table.unchangedSince(this.epoch, first)) this.preserve(first, this.cursor)
    }
    return this.cursor >= this.#slotCount
  }

  #add(key: KeyIdentity, stored: unknown): void {
    if (this.#entries.has(key)) this.#twice.push(key)
    this.#entries.set(key, stored)
  }

  wrong(): readonly string[] {
    const wrong = this.#twice.map((key) => `snapshot ${this.epoch} has ${String(key)} twice`)
    if (isDeepStrictEqual(this.#entries, this.#expected)) return wrong
    return [...wrong, `snapshot ${this.epoch} has other entries than were there`]
  }
}

function hashOf(key: KeyIdentity): number {
  return keyHash(keyOfIdentity(key), 'op')
}

function changeInPlace(value: unknown): void {
  if (typeof value === 'object' && value !== null && 'count' in value) value.count = -1
}
