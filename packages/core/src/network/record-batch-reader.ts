import type { Buffer } from 'node:buffer'
import { assert } from '../common/assert.ts'
import { ByteReader } from '../state/byte-reader.ts'
import { ValueReader } from '../state/value-codec.ts'
import type { RecordRun } from './channel.ts'
import { batchFlags, type FieldKind, fieldKinds, noLayout } from './record-batch.ts'
import { noTimestamp } from './stream-element.ts'

/** Reads what a `RecordBatchWriter` wrote, batch by batch. @internal */
export class RecordBatchReader {
  /** By number. */
  readonly #layouts: ReadLayout[] = []
  readonly #bytes = new ByteReader(new Uint8Array(0))
  readonly #values = new ValueReader(this.#bytes)
  readonly #text = new BatchText()
  #numbers = new Float64Array(0)
  #numberIndex = 0

  /** The records of a batch; they share no memory with it. */
  read(batch: Buffer<ArrayBuffer>): RecordRun {
    const bytes = this.#bytes
    bytes.restart(batch)
    const flags = bytes.uint32()
    const rowCount = bytes.uint32()
    const numberCount = bytes.uint32()
    const unitCount = bytes.uint32()
    this.#numbers = new Float64Array(batch.buffer, batch.byteOffset + bytes.position, numberCount)
    this.#numberIndex = 0
    bytes.skip(numberCount * this.#numbers.BYTES_PER_ELEMENT)
    const wide = (flags & batchFlags.wide) !== 0
    this.#text.restart(batch, { start: bytes.position, unitCount, wide })
    bytes.skip(wide ? unitCount * 2 : unitCount)
    const rows = bytes.bytes(rowCount)
    const timestamps = this.#timestamps(rowCount, (flags & batchFlags.timed) !== 0)
    const values: unknown[] = []
    for (let row = 0; row < rowCount; row += 1) values.push(this.#row(rows[row] ?? noLayout))
    assert(bytes.remaining === 0, 'a batch of records is read to its end')
    return { type: 'records', values, timestamps }
  }

  #timestamps(count: number, timed: boolean): number[] {
    const timestamps: number[] = []
    for (let row = 0; row < count; row += 1) {
      timestamps.push(timed ? this.#bytes.float64() : noTimestamp)
    }
    return timestamps
  }

  #row(number: number): unknown {
    if (number === noLayout) return this.#values.read()
    const { names, kinds, blank } = this.#layouts[number] ?? this.#define(number)
    const record = { ...blank }
    for (let field = 0; field < names.length; field += 1) {
      record[names[field] as string] = this.#field(kinds[field] ?? fieldKinds.value)
    }
    return record
  }

  #field(kind: FieldKind): unknown {
    if (kind === fieldKinds.value) return this.#values.read()
    const number = this.#numbers[this.#numberIndex] as number
    this.#numberIndex += 1
    return kind === fieldKinds.number ? number : this.#text.next(number)
  }

  #define(number: number): ReadLayout {
    const names = this.#values.read() as readonly string[]
    const kinds = this.#values.read() as readonly FieldKind[]
    const layout = { names, kinds, blank: blankRecord(names) }
    this.#layouts[number] = layout
    return layout
  }
}

/** A layout as the reader needs it. */
interface ReadLayout {
  readonly names: readonly string[]
  readonly kinds: readonly FieldKind[]
  /** Has all fields: to copy it and assign them is quicker than to add them one by one. */
  readonly blank: Readonly<Record<string, unknown>>
}

/** Made by the parser of JSON, it has room for all fields, like one that is written in a source. */
function blankRecord(names: readonly string[]): Readonly<Record<string, unknown>> {
  const fields = names.map((name) => `${JSON.stringify(name)}:""`)
  return JSON.parse(`{${fields.join(',')}}`) as Readonly<Record<string, unknown>>
}

/** The text of a batch, taken string by string. */
class BatchText {
  #batch: Buffer | undefined
  #start = 0
  #unitBytes = 1
  #text = ''
  #position = 0

  restart(
    batch: Buffer,
    text: { readonly start: number; readonly unitCount: number; readonly wide: boolean },
  ): void {
    const { start, unitCount, wide } = text
    this.#batch = batch
    this.#start = start
    this.#unitBytes = wide ? 2 : 1
    this.#position = 0
    this.#text = this.#decode(0, unitCount)
  }

  /** V8 copies short parts of a string; longer ones would keep all of it alive. */
  next(length: number): string {
    const position = this.#position
    this.#position = position + length
    if (length <= copiedLengthMax) return this.#text.slice(position, position + length)
    return this.#decode(position, length)
  }

  #decode(position: number, length: number): string {
    const from = this.#start + position * this.#unitBytes
    const to = from + length * this.#unitBytes
    return this.#batch?.toString(this.#unitBytes === 1 ? 'latin1' : 'utf16le', from, to) ?? ''
  }
}

/** Slices up to this length are copies (V8: SlicedString::kMinLength is one more). */
const copiedLengthMax = 12
