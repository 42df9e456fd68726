/**
 * The text format of COPY: one row a line, columns separated by tabs, `\N` for null; a backslash
 * stands before b f n r t v (control characters) and before itself
 * (https://www.postgresql.org/docs/current/sql-copy.html).
 */
import { FlinktsError } from '@flinkts/core/connector'
import type { PgValue, Row } from '../records/change.ts'
import type { ValueDecoder } from '../values/value-decoder.ts'
import type { Payload } from './message-reader.ts'
import { setColumn } from './row-decoder.ts'
import type { MutableRow, RowDecoder } from './row-decoder.ts'

const tab = 0x09
const newline = 0x0a
const backslash = 0x5c
const letterN = 0x4e

/** What a byte means for where a column ends, by byte. */
const kinds = new Uint8Array(256)
const plain = 0
const separator = 1
kinds[tab] = separator
kinds[newline] = separator
kinds[backslash] = 2

/** What a backslash and this letter stand for; other characters stand for themselves. */
const controls: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
])

const wordBytes = 4
const ones = 0x01010101
const highBits = 0x80808080 | 0
/** In each byte: tab and newline are below it, and control characters that stop only the search. */
const vertical = 0x0b0b0b0b
const backslashes = backslash * ones

/** Decodes the lines of one COPY, each of which the server sends as a message. @internal */
export class CopyTextDecoder {
  readonly #columns: RowDecoder
  /** Where values with backslashes are made plain; used within one call only. */
  #scratch: Buffer = Buffer.alloc(8192)
  /** What the last line was in, and a view on it. */
  #bytes: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(columns: RowDecoder) {
    this.#columns = columns
  }

  /** @throws FlinktsError FLINKTS_POSTGRES_PROTOCOL_VIOLATED */
  decode(line: Payload): Row {
    const { bytes, end } = line
    const { names, decoders } = this.#columns
    const row: MutableRow = {}
    let at = line.start
    // So that every column ends in a separator, and the search for it need not look for the end.
    if (bytes[end - 1] !== newline) throw malformed(names.length)
    this.#look(bytes)
    for (let index = 0; index < names.length; index++) {
      if (at >= end) throw malformed(names.length)
      const start = at
      at = skipPlainWords(this.#view, at)
      while (kinds[bytes[at] as number] === plain) at++
      const escaped = bytes[at] === backslash
      while (kinds[bytes[at] as number] !== separator) at++
      if (bytes[at] !== (index === names.length - 1 ? newline : tab)) throw malformed(names.length)
      const decode = decoders[index] as ValueDecoder
      const value = escaped
        ? this.#decodeEscaped(bytes.subarray(start, at), decode)
        : decode(bytes, start, at)
      setColumn(row, names[index] as string, value)
      at++
    }
    // A table without columns has empty lines.
    if (at + (names.length === 0 ? 1 : 0) !== end) throw malformed(names.length)
    return row
  }

  #look(bytes: Buffer): void {
    if (bytes === this.#bytes) return
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  #decodeEscaped(value: Buffer, decode: ValueDecoder): PgValue {
    if (value.length === 2 && value[1] === letterN) return null
    if (this.#scratch.length < value.length) this.#scratch = Buffer.alloc(value.length * 2)
    const scratch = this.#scratch
    let length = 0
    for (let index = 0; index < value.length; index++) {
      let byte = value[index] ?? 0
      if (byte === backslash) {
        const letter = value[++index] ?? backslash
        byte = controls.get(letter) ?? letter
      }
      scratch[length++] = byte
    }
    return decode(scratch, 0, length)
  }
}

/**
 * The first word, or the last few bytes, that may hold what ends or escapes a column: a byte below
 * 0x0b, or one that is zero once it is XORed with a backslash (Hacker's Delight, 6-1; a byte above
 * such a one may be taken for one too).
 */
function skipPlainWords(view: DataView, start: number): number {
  const lastWord = view.byteLength - wordBytes
  let at = start
  while (at <= lastWord) {
    const word = view.getInt32(at, true)
    const escape = word ^ backslashes
    const found = ((word - vertical) & ~word) | ((escape - ones) & ~escape)
    if ((found & highBits) !== 0) return at
    at += wordBytes
  }
  return at
}

function malformed(columns: number): FlinktsError {
  const message = `a line of COPY has not exactly ${columns} columns`
  return new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', message)
}
