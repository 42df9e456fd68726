import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter, IntegerWidth } from './byte-writer.ts'
import type { FreeSlots } from './free-slots.ts'

/**
 * Entries whose keys and values are numbers: first all keys, then all values, in the same order,
 * each as
 *   width: uint8, then the numbers: 1 int8, 2 int16, 4 int32, 8 float64
 */

/** Numbers side by side. @internal */
export type NumberColumn = Int32Array | Float64Array

/** Keys, and what is stored for them; not to be changed. @internal */
export interface NumberColumns {
  readonly keys: NumberColumn
  readonly values: NumberColumn
}

/** Slots of a table from `first` to `end` (exclusive). @internal */
export interface SlotRange {
  readonly first: number
  readonly end: number
  /** Which of them are not in use. */
  readonly free: FreeSlots
}

/** What a column has in the slots that are in use: a view of it, or a copy. @internal */
export function gathered(column: NumberColumn, { first, end, free }: SlotRange): NumberColumn {
  if (free.count === 0) return column.subarray(first, end)
  const numbers = column.slice(first, end)
  let count = 0
  for (let slot = first; slot < end; slot += 1) {
    if (free.has(slot)) continue
    numbers[count] = column[slot] as number
    count += 1
  }
  return numbers.subarray(0, count)
}

/** Writes the entries of columns. @internal */
export function writeColumns(out: ByteWriter, { keys, values }: NumberColumns): void {
  writeColumn(out, keys)
  writeColumn(out, values)
}

/**
 * Reads `count` entries, which are all that is there.
 *
 * @throws FlinktsError FLINKTS_STATE_UNREADABLE
 * @internal
 */
export function readColumns(bytes: ByteReader, count: number): NumberColumns {
  return { keys: readColumn(bytes, count), values: readColumn(bytes, count) }
}

function writeColumn(out: ByteWriter, numbers: NumberColumn): void {
  if (numbers instanceof Float64Array) {
    out.uint8(8)
    out.float64s(numbers)
    return
  }
  const width = widthOf(numbers)
  out.uint8(width)
  out.integers(numbers, width)
}

function readColumn(bytes: ByteReader, count: number): NumberColumn {
  const width = bytes.uint8()
  return width === 8 ? bytes.float64s(count) : bytes.integers(count, width)
}

/** The bytes that each of them fits in, with its sign. */
function widthOf(numbers: Int32Array): IntegerWidth {
  // The bits of numbers, negative ones inverted, that are set in any: one pass without branches.
  const count = numbers.length
  let bits = 0
  for (let i = 0; i < count; i += 1) {
    const value = numbers[i] as number
    bits |= value ^ (value >> 31)
  }
  if (bits <= 0x7f) return 1
  return bits <= 0x7fff ? 2 : 4
}
