import type { Mutant } from './mutant.ts'

const table = 'packages/core/src/state/slot-table.ts'
const column = 'packages/core/src/state/slot-column.ts'
const index = 'packages/core/src/state/slot-index.ts'
const free = 'packages/core/src/state/free-slots.ts'
const columns = 'packages/core/src/state/number-columns.ts'
const tests = ['packages/core/test/state/slot-table.test.ts']

/** Numbers in keyed state, which lie outside the heap. */
export const stateMutants: readonly Mutant[] = [
  {
    name: 'pre-image-lost-in-a-switch',
    breaks: 'what was stored before the value that moves a table to the heap is in no snapshot',
    file: table,
    find: `  replace(slot: number, stored: unknown): void {
    if (this.#epoch !== 0) this.#preserve(slot)`,
    replace: `  replace(slot: number, stored: unknown): void {
    if (this.#epoch !== 0 && typeof stored === 'number') this.#preserve(slot)`,
    tests,
  },
  {
    name: 'freed-slot-in-use',
    breaks: 'a slot whose entry was removed still has its key, and that is in the next snapshot',
    file: free,
    find: '    this.#bits[slot >>> 5] = (this.#bits[slot >>> 5] as number) | (1 << (slot & 31))\n',
    replace: '',
    tests,
  },
  {
    name: 'freed-slot-in-a-page',
    breaks: 'a page of numbers is copied with those whose entries were removed',
    file: columns,
    find: '    if (free.has(slot)) continue\n',
    replace: '',
    tests,
  },
  {
    name: 'page-not-preserved',
    breaks: 'an entry that takes the slot of a removed one is in snapshots that are older than it',
    file: table,
    find: `    if (this.#epoch !== 0) this.#preserve(slot)
    if (slot === this.#slotCount) this.#slotCount += 1
    else this.#free.take()
`,
    replace: `    if (slot === this.#slotCount) this.#slotCount += 1
    else this.#free.take()
`,
    tests,
  },
  {
    name: 'page-preserved-twice',
    breaks: 'a page is in a snapshot again whenever it changes',
    file: table,
    find: '    this.#stamps[page] = this.#epoch\n',
    replace: '',
    tests,
  },
  {
    name: 'stamps-lost-in-a-split',
    breaks: 'what a snapshot has of a page is in it again once the page is split',
    file: table,
    find: '      stamps[slot] = this.#stamps[slot >>> this.#pageShift] as number\n',
    replace: '',
    tests,
  },
  {
    name: 'minus-zero-is-zero',
    breaks: '-0 is kept as an integer, which has no sign',
    file: column,
    find: ' && !Object.is(value, -0)',
    replace: '',
    tests: ['packages/core/test/state/slot-column.test.ts', ...tests],
  },
  {
    name: 'numbers-lost-in-a-switch',
    breaks: 'the first value that is no number takes the place of all numbers of its table',
    file: column,
    find: 'this.#values = listOf(this.#float64s ?? noInt32s)',
    replace: 'this.#values = []',
    tests,
  },
  {
    name: 'integer-keys-lost-in-a-switch',
    breaks: 'the first key that is no integer hides those that are',
    file: index,
    find: '      if (buckets[at - 1] !== 0) buckets[at] = hashOfInt32(buckets[at] as number)\n',
    replace: '',
    tests: ['packages/core/test/state/slot-index.test.ts', ...tests],
  },
  {
    name: 'keys-behind-a-range-forgotten',
    breaks: 'keys that found no place in the buckets of their range of hashes are forgotten',
    file: index,
    find: '    if (range.mask === 0) return\n',
    replace: '    if (range.mask !== undefined) return\n',
    tests: ['packages/core/test/state/slot-index.test.ts'],
  },
]
