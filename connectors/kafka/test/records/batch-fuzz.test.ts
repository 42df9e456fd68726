import { FlinktsError } from '@flinkts/core/connector'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BatchReader } from '../../src/records/batch-reader.ts'
import type { CompressionType } from '../../src/records/record-batch.ts'
import { batchLayout, timestampMax } from '../../src/records/record-batch.ts'
import type { PlainRecord } from './batches.ts'
import { batchOf, changed, readAll } from './batches.ts'

const types: readonly CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const codes = [
  'FLINKTS_KAFKA_RECORDS_INVALID',
  'FLINKTS_KAFKA_RECORD_FORMAT_UNSUPPORTED',
  'FLINKTS_KAFKA_BATCH_TOO_LARGE',
]
const decompressedBytesMax = 2 ** 20

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 60, maxLength: 200 }),
  fc.nat({ max: 20_000 }).map((length) => new Uint8Array(length).fill(length)),
)
const field = fc.option(
  bytes.map((array) => Buffer.from(array)),
  { nil: null, freq: 4 },
)
const header = fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 12 }), value: field })
const timestamp = fc.oneof(
  fc.integer({ min: -1, max: 5 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.maxSafeNat().map((number) => Math.min(number, timestampMax)),
)
const record: fc.Arbitrary<PlainRecord> = fc.record({
  key: field,
  value: field,
  headers: fc.oneof(fc.constant([]), fc.array(header, { maxLength: 4 })),
  timestamp,
})
const records = fc.array(record, { minLength: 1, maxLength: 20 })
const mutation = fc.record({ at: fc.nat(), value: fc.nat({ max: 255 }) })
const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 })

/** What is read, or the code of the error; anything else is thrown on. */
function outcomeOf(batch: Buffer, checksums: boolean): readonly PlainRecord[] | string {
  try {
    return readAll(batch, new BatchReader({ checksums, decompressedBytesMax }))
  } catch (error) {
    if (error instanceof FlinktsError && codes.includes(error.code)) return error.code
    throw error
  }
}

describe.each(types)('batches compressed by %s', (type) => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(records, (written) => {
        expect(readAll(batchOf(written, { compression: { type } }))).toEqual(written)
      }),
      { numRuns: 60 },
    )
  })

  test('are refused, or read rightly, when bytes of them change on the way', () => {
    fc.assert(
      fc.property(records, mutations, (written, changes) => {
        const batch = batchOf(written, { compression: { type } })
        for (const { at, value } of changes) batch.writeUInt8(value, at % batch.length)

        const outcome = outcomeOf(batch, true)

        if (typeof outcome === 'string' || outcome.length === 0) return
        expect(outcome).toEqual(written)
      }),
      { numRuns: 100 },
    )
  })

  test('are refused, or read somehow, when bytes change before the checksum is made', () => {
    fc.assert(
      fc.property(records, mutations, (written, changes) => {
        const batch = batchOf(written, { compression: { type } })
        const broken = changed(batch, (copy) => {
          for (const { at, value } of changes) {
            const span = copy.length - batchLayout.attributes
            copy.writeUInt8(value, batchLayout.attributes + (at % span))
          }
        })

        expect(() => outcomeOf(broken, true)).not.toThrow()
      }),
      { numRuns: 150 },
    )
  })

  test('give nothing or an error when they are cut', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.boolean(), (written, at, checksums) => {
        const batch = batchOf(written, { compression: { type } })

        expect(outcomeOf(batch.subarray(0, at % batch.length), checksums)).toEqual([])
      }),
      { numRuns: 50 },
    )
  })
})

describe('a batch reader', () => {
  test('gives records or a known error for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        expect(() => outcomeOf(Buffer.from(noise), false)).not.toThrow()
      }),
      { numRuns: 300 },
    )
  })

  test('gives records or a known error for any bytes behind a good header', () => {
    const batch = batchOf([{ key: null, value: Buffer.alloc(200), headers: [], timestamp: 0 }])
    const count = fc.integer({ min: 0, max: 40 })
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 200, maxLength: 200 }),
        count,
        (noise, recordCount) => {
          const broken = changed(batch, (copy) => {
            copy.set(noise, batchLayout.records)
            copy.writeInt32BE(1000, batchLayout.lastOffsetDelta)
            copy.writeInt32BE(recordCount, batchLayout.recordCount)
          })

          expect(() => outcomeOf(broken, true)).not.toThrow()
        },
      ),
      { numRuns: 500 },
    )
  })
})
