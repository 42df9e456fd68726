/**
 * The text form of arrays: `{1,2}`, `{"a b",NULL}`, `{{1},{2}}`, `[0:1]={1,2}` (array_out of
 * Postgres).
 */
import { FlinktsError } from '@flinkts/core/connector'
import type { PgValue } from '../records/change.ts'
import type { ValueDecoder } from './value-decoder.ts'

const open = 0x7b
const close = 0x7d
const quote = 0x22
const backslash = 0x5c
const bracket = 0x5b
const equals = 0x3d

/**
 * Decodes arrays of any number of dimensions into nested arrays; their lower bounds are dropped.
 *
 * @param element - Decodes the elements.
 * @param delimiter - What separates elements: `,`, for `box` `;`.
 * @internal
 */
export function arrayDecoder(element: ValueDecoder, delimiter: string): ValueDecoder {
  const separator = delimiter.charCodeAt(0)
  return (bytes, start, end) => {
    const cursor: Cursor = { bytes, index: afterBounds(bytes, start), end, separator, element }
    const array = readArray(cursor)
    if (cursor.index !== end) throw malformed(bytes, start, end)
    return array
  }
}

interface Cursor {
  readonly bytes: Buffer
  index: number
  readonly end: number
  readonly separator: number
  readonly element: ValueDecoder
}

/** Skips `[0:1]=`. */
function afterBounds(bytes: Buffer, start: number): number {
  return bytes[start] === bracket ? bytes.indexOf(equals, start) + 1 : start
}

/** Reads `{…}` at the cursor and leaves the cursor behind it. */
function readArray(cursor: Cursor): readonly PgValue[] {
  const { bytes, end, separator } = cursor
  const values: PgValue[] = []
  if (bytes[cursor.index] !== open) throw malformed(bytes, cursor.index, end)
  cursor.index++
  if (bytes[cursor.index] === close) {
    cursor.index++
    return values
  }
  for (;;) {
    values.push(readElement(cursor))
    const byte = bytes[cursor.index++]
    if (byte === close) return values
    if (byte !== separator) throw malformed(bytes, cursor.index, end)
  }
}

function readElement(cursor: Cursor): PgValue {
  const { bytes, end, separator } = cursor
  const first = bytes[cursor.index]
  if (first === open) return readArray(cursor)
  if (first === quote) return readQuoted(cursor)
  const start = cursor.index
  let index = start
  while (index < end && bytes[index] !== separator && bytes[index] !== close) index++
  cursor.index = index
  return isNull(bytes, start, index) ? null : cursor.element(bytes, start, index)
}

/** array_out quotes a string `NULL`; the bare word is SQL's null. */
function isNull(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 4 && bytes.toString('latin1', start, end) === 'NULL'
}

/** Reads `"…"`, in which a backslash stands before quotes and backslashes. */
function readQuoted(cursor: Cursor): PgValue {
  const { bytes, end } = cursor
  const start = cursor.index + 1
  let index = start
  let escaped = false
  while (index < end && bytes[index] !== quote) {
    if (bytes[index] === backslash) {
      escaped = true
      index++
    }
    index++
  }
  cursor.index = index + 1
  if (!escaped) return cursor.element(bytes, start, index)
  const plain = unescape(bytes, start, index)
  return cursor.element(plain, 0, plain.length)
}

function unescape(bytes: Buffer, start: number, end: number): Buffer {
  const plain = Buffer.alloc(end - start)
  let length = 0
  for (let index = start; index < end; index++) {
    if (bytes[index] === backslash) index++
    plain[length++] = bytes[index] ?? 0
  }
  return plain.subarray(0, length)
}

function malformed(bytes: Buffer, start: number, end: number): FlinktsError {
  const text = bytes.toString('utf8', start, Math.min(end, start + 40))
  return new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', `"${text}" is not an array`)
}
