import type { Buffer } from 'node:buffer'
import { assert } from '../common/assert.ts'
import { ByteReader } from '../state/byte-reader.ts'
import { BatchFields } from './batch-fields.ts'
import type { RecordRun } from './channel.ts'
import { batchFlags, type FieldKind, noLayout } from './record-batch.ts'
import { createRowReader, type RowReader } from './row-reader.ts'
import { noTimestamp } from './stream-element.ts'

/** Reads what a `RecordBatchWriter` wrote, batch by batch. @internal */
export class RecordBatchReader {
  /** By the number of their layout. */
  readonly #rowReaders: RowReader[] = []
  readonly #bytes = new ByteReader(new Uint8Array(0))
  readonly #fields = new BatchFields(this.#bytes)

  /** The records of a batch; they share no memory with it. */
  read(batch: Buffer<ArrayBuffer>): RecordRun {
    const bytes = this.#bytes
    bytes.restart(batch)
    const flags = bytes.uint32()
    const rowCount = bytes.uint32()
    const numberCount = bytes.uint32()
    const unitCount = bytes.uint32()
    const numbers = this.#float64s(batch, numberCount)
    const timed = (flags & batchFlags.timed) !== 0
    const timestamps = timed ? listOf(this.#float64s(batch, rowCount)) : noTimestamps(rowCount)
    const wide = (flags & batchFlags.wide) !== 0
    this.#fields.restart(numbers, { batch, start: bytes.position, unitCount, wide })
    bytes.skip(wide ? unitCount * 2 : unitCount)
    const values = this.#rows(bytes.bytes(rowCount))
    assert(bytes.remaining === 0, 'a batch of records is read to its end')
    return { type: 'records', values, timestamps }
  }

  /** Where they lie. */
  #float64s(batch: Buffer<ArrayBuffer>, count: number): Float64Array<ArrayBuffer> {
    const start = batch.byteOffset + this.#bytes.position
    this.#bytes.skip(count * Float64Array.BYTES_PER_ELEMENT)
    return new Float64Array(batch.buffer, start, count)
  }

  #rows(layouts: Uint8Array): unknown[] {
    const fields = this.#fields
    const values: unknown[] = []
    for (const layout of layouts) {
      if (layout === noLayout) values.push(fields.value())
      else values.push((this.#rowReaders[layout] ?? this.#define(layout))(fields))
    }
    return values
  }

  #define(layout: number): RowReader {
    const names = this.#fields.value() as readonly string[]
    const kinds = this.#fields.value() as readonly FieldKind[]
    const rowReader = createRowReader(names, kinds)
    this.#rowReaders[layout] = rowReader
    return rowReader
  }
}

function listOf(numbers: Float64Array): number[] {
  const list: number[] = []
  for (const number of numbers) list.push(number)
  return list
}

function noTimestamps(count: number): number[] {
  const timestamps: number[] = []
  for (let row = 0; row < count; row += 1) timestamps.push(noTimestamp)
  return timestamps
}
