import { BatchReader } from '../../src/records/batch-reader.ts'
import type { ProducerStamp } from '../../src/records/batch-writer.ts'
import { BatchWriter } from '../../src/records/batch-writer.ts'
import { checksumOf } from '../../src/records/checksum.ts'
import type { Compression } from '../../src/records/compression.ts'
import { writeInt64 } from '../../src/records/int64.ts'
import type { RecordHeader } from '../../src/records/record-batch.ts'
import { batchLayout } from '../../src/records/record-batch.ts'

/** A record as a test writes and reads it. */
export interface PlainRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
  readonly timestamp: number
}

/** How a batch differs from a plain one. */
export interface BatchForm {
  readonly compression?: Compression
  readonly stamp?: ProducerStamp
  readonly baseOffset?: number
}

/** Values, without keys, of one millisecond. */
export function valuesOf(...values: readonly string[]): readonly PlainRecord[] {
  return values.map((value) => ({
    key: null,
    value: Buffer.from(value),
    headers: [],
    timestamp: 1_700_000_000_000,
  }))
}

/** A batch of these records; it is its own buffer. */
export function batchOf(records: readonly PlainRecord[], form: BatchForm = {}): Buffer {
  const { compression = { type: 'none' } } = form
  const writer = new BatchWriter({ bytesMax: 2 ** 26, compression })
  for (const { key, value, headers, timestamp } of records) {
    writer.append(key, value, headers, timestamp)
  }
  const batch = Buffer.from(writer.finish(form.stamp))
  writeInt64(batch, batchLayout.baseOffset, form.baseOffset ?? 0)
  return batch
}

/** A copy that was changed and has the checksum of what it is now. */
export function changed(batch: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(batch)
  change(copy)
  copy.writeUInt32BE(checksumOf(copy, batchLayout.attributes, copy.length), batchLayout.checksum)
  return copy
}

/** What compaction leaves of a batch whose records are all gone. */
export function emptied(batch: Buffer): Buffer {
  return changed(batch.subarray(0, batchLayout.records), (copy) => {
    copy.writeInt32BE(batchLayout.records - batchLayout.magic + 4, batchLayout.length)
    copy.writeInt32BE(0, batchLayout.recordCount)
  })
}

/** All records of all batches. */
export function readAll(bytes: Buffer, reader: BatchReader = new BatchReader()): PlainRecord[] {
  const all: PlainRecord[] = []
  reader.reset(bytes)
  while (reader.nextBatch()) {
    const records = reader.records()
    while (records.next()) {
      const { timestamp } = records
      all.push({
        key: records.key(),
        value: records.value(),
        headers: records.headers(),
        timestamp,
      })
    }
  }
  return all
}

/** Their values as text. */
export function valuesIn(bytes: Buffer): readonly (string | undefined)[] {
  return readAll(bytes).map(({ value }) => value?.toString())
}
