import { Buffer } from 'node:buffer'
import { FlinktsError } from '../common/errors.ts'
import { ByteWriter } from '../state/byte-writer.ts'
import { type ValueOwner, ValueWriter } from '../state/value-codec.ts'
import { batchFlags, fieldKinds, noLayout } from './record-batch.ts'
import {
  arrayLengthMax,
  type Fields,
  isNumbers,
  layoutFieldsMax,
  type RecordLayout,
  RecordLayouts,
} from './record-layouts.ts'
import { noTimestamp } from './stream-element.ts'

/**
 * Writes the records of a channel in batches; see `record-batch.ts`. A record is read when it is
 * pushed, and not later.
 *
 * @internal
 */
export class RecordBatchWriter {
  readonly #layouts = new RecordLayouts()
  /** The one of the record before. */
  #layout: RecordLayout | undefined
  readonly #rows = new Uint8Array(rowsMax)
  readonly #timestamps = new Float64Array(rowsMax)
  #rowCount = 0
  #timed = false
  readonly #numbers = new Float64Array(numbersMax)
  #numberCount = 0
  #text = ''
  readonly #values = new ByteWriter(valuesBytesUsual)
  readonly #valueWriter: ValueWriter
  /** Fields of a record that are values: the first `#fieldCount`. */
  readonly #fields: unknown[] = []
  #fieldCount = 0
  readonly #owner: ValueOwner
  #torn = false
  /** Whether all objects had fields that are not their own when the batch began. */
  #inherited = false

  constructor(owner: ValueOwner) {
    this.#owner = owner
    this.#valueWriter = new ValueWriter(this.#values, owner)
  }

  get rowCount(): number {
    return this.#rowCount
  }

  /** Whether a record could not be written to its end: what follows it could not be read. */
  get torn(): boolean {
    return this.#torn
  }

  /** Whether the batch has to end now. */
  get full(): boolean {
    const fixed = this.#rowCount * rowBytes + this.#numberCount * numberBytes
    return fixed + this.#text.length + this.#values.length >= batchBytesMax
  }

  /** @throws FlinktsError with the code of the owner; then of every record after it */
  push(value: unknown, timestamp: number): void {
    const row = this.#rowCount
    const layout = this.#torn ? undefined : this.#writeByLayout(value)
    if (layout === undefined) this.#writeValue(value)
    this.#rows[row] = layout?.number ?? noLayout
    this.#timestamps[row] = timestamp
    if (timestamp !== noTimestamp) this.#timed = true
    this.#rowCount = row + 1
  }

  /** Writes the batch, which has a row or more, and begins the next. */
  end(out: ByteWriter): void {
    this.#refuseTorn()
    const text = this.#text
    const wide = Buffer.byteLength(text, 'utf8') !== text.length
    out.uint32((this.#timed ? batchFlags.timed : 0) | (wide ? batchFlags.wide : 0))
    out.uint32(this.#rowCount)
    out.uint32(this.#numberCount)
    out.uint32(text.length)
    out.bytes(bytesOf(this.#numbers, this.#numberCount))
    if (this.#timed) out.bytes(bytesOf(this.#timestamps, this.#rowCount))
    out.units(text, wide ? 'utf16le' : 'latin1')
    out.bytes(this.#rows.subarray(0, this.#rowCount))
    out.bytes(this.#values.written())
    this.#rowCount = 0
    this.#timed = false
    this.#numberCount = 0
    this.#text = ''
    this.#values.restart(valuesBytesKept)
  }

  #writeByLayout(value: unknown): RecordLayout | undefined {
    if (typeof value !== 'object' || value === null) return undefined
    if (Object.getPrototypeOf(value) !== Object.prototype) return undefined
    if (this.#rowCount === 0) this.#inherited = Object.keys(Object.prototype).length > 0
    if (this.#inherited) return undefined
    const record = value as Fields
    const last = this.#layout
    if (last !== undefined && this.#writeFields(record, last)) {
      if (this.#fieldCount > 0) this.#writeFieldValues(record)
      return last
    }
    const found = this.#writeByOther(record, last)
    if (found === undefined) return undefined
    this.#layout = found
    if (!found.defined) this.#define(found)
    this.#writeFieldValues(record)
    return found
  }

  /** The layout by which the fields of `record` were written, not `last`. */
  #writeByOther(record: Fields, last: RecordLayout | undefined): RecordLayout | undefined {
    for (const layout of this.#layouts.all) {
      if (layout !== last && this.#writeFields(record, layout)) return layout
    }
    const learnt = this.#layouts.learn(record)
    return learnt !== undefined && this.#writeFields(record, learnt) ? learnt : undefined
  }

  /** @returns whether the record is of the layout; if not, nothing was written. */
  #writeFields(record: Fields, layout: RecordLayout): boolean {
    const { names, kinds } = layout
    const numbers = this.#numbers
    let numberCount = this.#numberCount
    let text = this.#text
    let field = 0
    let fieldCount = 0
    // The quickest way to all fields of an object: none is inherited.
    for (const name in record) {
      if (name !== names[field]) return false
      const value = record[name]
      const kind = kinds[field]
      if (kind === fieldKinds.number) {
        if (typeof value !== 'number') return false
        numbers[numberCount] = value
        numberCount += 1
      } else if (kind === fieldKinds.string) {
        if (typeof value !== 'string') return false
        numbers[numberCount] = value.length
        numberCount += 1
        text += value
      } else if (kind === fieldKinds.numbers) {
        if (!isNumbers(value)) return false
        numbers[numberCount] = value.length
        numbers.set(value, numberCount + 1)
        numberCount += 1 + value.length
      } else {
        this.#fields[fieldCount] = value
        fieldCount += 1
      }
      field += 1
    }
    if (field !== names.length) return false
    this.#numberCount = numberCount
    this.#text = text
    this.#fieldCount = fieldCount
    layout.rows += 1
    return true
  }

  #define(layout: RecordLayout): void {
    this.#writeValue(layout.names)
    this.#writeValue(layout.kinds)
    layout.defined = true
  }

  #writeFieldValues(record: Fields): void {
    for (let field = 0; field < this.#fieldCount; field += 1) {
      this.#writeValue(this.#fields[field], record)
      this.#fields[field] = undefined
    }
  }

  /** `root`: the record that it is a part of. */
  #writeValue(value: unknown, root: unknown = value): void {
    this.#refuseTorn()
    this.#torn = true
    this.#valueWriter.write(value, root)
    this.#torn = false
  }

  /** Who goes on after an error has caught it, and must not get through with it. */
  #refuseTorn(): void {
    if (!this.#torn) return
    const { code, name } = this.#owner
    throw new FlinktsError(code, `${name} could not be sent, and a later one cannot be either`, {
      hint: 'Do not catch the errors of an output: see the first one.',
    })
  }
}

function bytesOf(numbers: Float64Array, count: number): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, count * numberBytes)
}

/** A batch ends when it has this length; one record more may be in it. */
const batchBytesMax = 16_384
const numberBytes = 8
/** Of a row without fields. */
const rowBytes = 1 + numberBytes
const rowsMax = Math.ceil(batchBytesMax / rowBytes) + 1
/** With those of one record more. */
const numbersMax = batchBytesMax / numberBytes + layoutFieldsMax * (1 + arrayLengthMax)
const valuesBytesUsual = 4096
/** The memory of odd large values is given back. */
const valuesBytesKept = 1_048_576
