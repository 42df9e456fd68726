import { describe, expect, test } from 'vitest'
import { BatchReader } from '../../src/records/batch-reader.ts'
import { BatchWriter } from '../../src/records/batch-writer.ts'
import { writeInt64 } from '../../src/records/int64.ts'
import { batchLayout } from '../../src/records/record-batch.ts'
import { batchOf, changed, emptied, readAll, valuesIn, valuesOf } from './batches.ts'
import { goldenBytes } from './golden/golden-batches.ts'

const batch = batchOf(valuesOf('one', 'two'), { baseOffset: 10 })
const invalid = expect.objectContaining({ code: 'FLINKTS_KAFKA_RECORDS_INVALID' }) as Error

function readerOf(bytes: Buffer): BatchReader {
  const reader = new BatchReader()
  reader.reset(bytes)
  return reader
}

describe('a batch reader', () => {
  test('reads batch after batch', () => {
    const next = batchOf(valuesOf('three'), { baseOffset: 12 })

    expect(valuesIn(Buffer.concat([batch, next]))).toEqual(['one', 'two', 'three'])
  })

  test('goes on behind an empty batch that compaction left', () => {
    const empty = emptied(batchOf(valuesOf('a', 'b', 'c')))
    const reader = readerOf(Buffer.concat([empty, batch]))

    expect(reader.nextBatch()).toBe(true)
    expect([reader.recordCount, reader.nextOffset]).toEqual([0, 3])
    expect(reader.records().next()).toBe(false)
    expect(reader.nextBatch()).toBe(true)
    expect(reader.nextOffset).toBe(12)
  })

  test('goes on behind an empty batch that was compressed', () => {
    const empty = emptied(batchOf(valuesOf('a'), { compression: { type: 'lz4' } }))

    expect(valuesIn(Buffer.concat([empty, batch]))).toEqual(['one', 'two'])
  })

  test('skips the offsets at the end of a batch that compaction removed', () => {
    const reader = readerOf(goldenBytes('compacted'))

    reader.nextBatch()

    expect([reader.recordCount, reader.lastOffset, reader.nextOffset]).toEqual([2, 1999, 2000])
  })

  test('reads 200,000 records of one batch', () => {
    const writer = new BatchWriter({ bytesMax: 2 ** 24 })
    for (let index = 0; index < 200_000; index += 1) writer.append(null, null, [], 0)
    const reader = readerOf(writer.finish())
    reader.nextBatch()
    const records = reader.records()

    let offsets = 0
    while (records.next()) offsets += records.offset

    expect(offsets).toBe((199_999 * 200_000) / 2)
    expect(reader.nextOffset).toBe(200_000)
  })

  test('refuses a batch of which a bit was turned on the way', () => {
    const damaged = Buffer.from(batch)
    damaged.writeUInt8(damaged.readUInt8(68) ^ 1, 68)

    expect(() => readAll(damaged)).toThrow(invalid)
    expect(() => readAll(damaged, new BatchReader({ checksums: false }))).not.toThrow()
  })

  test('throws again, rather than pass over a batch that it refused', () => {
    const damaged = Buffer.from(batch)
    damaged.writeUInt8(damaged.readUInt8(68) ^ 1, 68)
    const reader = readerOf(Buffer.concat([damaged, batch]))

    expect(() => reader.nextBatch()).toThrow(invalid)
    expect(() => reader.nextBatch()).toThrow(invalid)
    expect(reader.batchCount).toBe(0)
  })

  test('ends before a batch of which only the beginning is there', () => {
    for (let cut = 1; cut < batch.length; cut += 1) {
      const reader = readerOf(Buffer.concat([batch, batch.subarray(0, cut)]))

      expect(reader.nextBatch()).toBe(true)
      expect(reader.nextBatch()).toBe(false)
      expect(reader.batchCount).toBe(1)
      expect(reader.truncatedBatchBytes).toBe(cut < 12 ? 12 : batch.length)
    }
  })

  test('tells how many bytes a batch needs that is larger than the response', () => {
    const reader = readerOf(batch.subarray(0, 40))

    expect(reader.nextBatch()).toBe(false)
    expect(reader.batchCount).toBe(0)
    expect(reader.truncatedBatchBytes).toBe(batch.length)
  })

  test('reads nothing in an empty response', () => {
    const reader = readerOf(Buffer.alloc(0))

    expect(reader.nextBatch()).toBe(false)
    expect(reader.truncatedBatchBytes).toBe(0)
  })

  test.each([0, 1, 3])('tells that it does not read format version %i', (magic) => {
    const old = changed(batch, (copy) => copy.writeInt8(magic, batchLayout.magic))

    expect(() => readAll(old)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED' }),
    )
  })

  test('tells of the old format before a short message of it ends', () => {
    const message = Buffer.alloc(12 + 14)
    message.writeInt32BE(14, 8)

    expect(() => readAll(message)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED' }),
    )
  })

  test.each([5, 6, 7])('refuses the unknown compression %i', (code) => {
    const strange = changed(batch, (copy) => copy.writeInt16BE(code, batchLayout.attributes))

    expect(() => readAll(strange)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED' }),
    )
  })

  test.each<[string, (copy: Buffer) => unknown]>([
    ['a length below that of its header', (copy) => copy.writeInt32BE(48, batchLayout.length)],
    ['a negative length', (copy) => copy.writeInt32BE(-1, batchLayout.length)],
    ['a negative offset', (copy) => writeInt64(copy, batchLayout.baseOffset, -2)],
    [
      'an offset beyond 2^53',
      (copy) => writeInt64(copy, batchLayout.baseOffset, Number.MAX_SAFE_INTEGER - 1),
    ],
    ['a negative last offset', (copy) => copy.writeInt32BE(-1, batchLayout.lastOffsetDelta)],
    ['a producer id beyond 2^53', (copy) => writeInt64(copy, batchLayout.producerId, 2 ** 54)],
    ['a producer id below -1', (copy) => writeInt64(copy, batchLayout.producerId, -2)],
    ['a negative number of records', (copy) => copy.writeInt32BE(-1, batchLayout.recordCount)],
    ['more records than its bytes', (copy) => copy.writeInt32BE(2 ** 30, batchLayout.recordCount)],
    ['more records than there are', (copy) => copy.writeInt32BE(3, batchLayout.recordCount)],
    ['fewer records than there are', (copy) => copy.writeInt32BE(1, batchLayout.recordCount)],
    [
      'a record beyond its last offset',
      (copy) => copy.writeInt32BE(0, batchLayout.lastOffsetDelta),
    ],
    ['an offset twice', (copy) => copy.writeUInt8(0, 61 + 10 + 3)],
    ['a record longer than the batch', (copy) => copy.writeUInt8(60, 61)],
    ['a record shorter than its fields', (copy) => copy.writeUInt8(16, 61)],
    ['a record that is no record', (copy) => copy.writeUInt8(2, 61)],
    ['a key that crosses its record', (copy) => copy.writeUInt8(60, 61 + 4)],
    ['headers that are not there', (copy) => copy.writeUInt8(2, 61 + 9)],
    ['a negative number of headers', (copy) => copy.writeUInt8(1, 61 + 9)],
    ['a number of six bytes', (copy) => copy.fill(0xff, 61, 67)],
    ['a time of eleven bytes', (copy) => copy.fill(0xff, 63, 77)],
  ])('refuses a batch with %s', (_what, change) => {
    const broken = changed(batch, change)

    expect(() => readAll(broken)).toThrow(invalid)
  })

  test('refuses headers that cross their record', () => {
    const headers = [{ key: 'key', value: Buffer.from('value') }]
    const record = { key: null, value: null, headers, timestamp: 0 }
    const broken = changed(batchOf([record]), (copy) => copy.writeUInt8(120, 61 + 7))

    expect(() => readAll(broken)).toThrow(invalid)
  })

  test('refuses headers that end before their record', () => {
    const headers = [{ key: 'key', value: Buffer.from('value') }]
    const record = { key: null, value: null, headers, timestamp: 0 }
    const broken = changed(batchOf([record]), (copy) => copy.writeUInt8(4 << 1, 61 + 11))

    expect(() => readAll(broken)).toThrow(invalid)
  })

  test('hands out no record that crosses the end of the batch', () => {
    const longer = changed(batchOf(valuesOf('value')), (copy) => {
      copy.writeUInt8(30 << 1, 61)
      copy.writeUInt8(24 << 1, 61 + 5)
    })
    const reader = readerOf(Buffer.concat([longer, Buffer.alloc(40)]))
    reader.nextBatch()
    const records = reader.records()

    expect(() => records.next()).toThrow(invalid)
  })

  test('refuses a number of records that cannot be, before anybody makes room for it', () => {
    const reader = readerOf(
      changed(batch, (copy) => copy.writeInt32BE(99, batchLayout.recordCount)),
    )
    reader.nextBatch()

    expect(() => reader.records()).toThrow(invalid)
  })

  test('rounds timestamps that a double cannot hold', () => {
    const nanoseconds = 1_700_000_000_123_456_768
    const late = changed(batch, (copy) => {
      writeInt64(copy, batchLayout.baseTimestamp, nanoseconds)
    })

    expect(readAll(late).map(({ timestamp }) => timestamp)).toEqual([nanoseconds, nanoseconds])
  })

  test('tells a marker without a type or an epoch', () => {
    const marker = goldenBytes('abort-marker')
    const withoutType = changed(marker, (copy) => copy.writeUInt8(3 << 1, 61 + 4))
    const otherType = changed(marker, (copy) => copy.writeInt16BE(9, 61 + 7))

    const reader = readerOf(withoutType)
    reader.nextBatch()
    expect(() => reader.transactionMarker()).toThrow(invalid)
    reader.reset(otherType)
    reader.nextBatch()
    expect(reader.transactionMarker()).toBeUndefined()
  })
})
