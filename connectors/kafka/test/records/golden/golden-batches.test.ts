import { describe, expect, test } from 'vitest'
import { BatchReader } from '../../../src/records/batch-reader.ts'
import type { ProducerStamp } from '../../../src/records/batch-writer.ts'
import { BatchWriter } from '../../../src/records/batch-writer.ts'
import type { CompressionType } from '../../../src/records/record-batch.ts'
import { goldenBatches, goldenBytes, toldBatches } from './golden-batches.ts'

const options = { bytesMax: 2 ** 20 }
/** The base offset, which is the broker's, and is not part of what the checksum covers. */
const baseOffsetBytes = 8

describe('batches made by the Java client', () => {
  test.each(goldenBatches)('$name is read as the Java client reads it', ({ bytes, batches }) => {
    const reader = new BatchReader()

    const read = toldBatches(reader, Buffer.from(bytes, 'base64'))

    expect(read).toEqual(batches)
    expect(reader.truncatedBatchBytes).toBe(0)
  })

  test.each(['mixed-none', 'transactional-none', 'large-none', 'idempotent', 'timestamps'])(
    '%s is written byte by byte as the Java client writes it',
    (name) => {
      const expected = goldenBytes(name)

      const written = rewritten(expected, 'none')

      expect(written.subarray(baseOffsetBytes)).toEqual(expected.subarray(baseOffsetBytes))
    },
  )

  test.each(['mixed', 'large'])('%s is read from what we compress', (name) => {
    const records = ['gzip', 'snappy', 'lz4', 'zstd'] as const
    const expected = goldenBytes(`${name}-gzip`)

    const read = records.map((type) => toldBatches(new BatchReader(), rewritten(expected, type)))

    for (const [index, batches] of read.entries()) {
      const [original] = toldBatches(new BatchReader(), expected)
      expect(batches).toEqual([
        {
          ...original,
          compression: records[index],
          partitionLeaderEpoch: -1,
          baseOffset: 0,
          lastOffset: (original?.recordCount ?? 0) - 1,
          nextOffset: original?.recordCount,
          records: original?.records.map((record, offset) => ({ ...record, offset })),
        },
      ])
    }
  })
})

/** The records of one batch, written by us. */
function rewritten(bytes: Buffer, type: CompressionType): Buffer {
  const reader = new BatchReader()
  const writer = new BatchWriter({ ...options, compression: { type } })
  reader.reset(bytes)
  expect(reader.nextBatch()).toBe(true)
  const records = reader.records()
  while (records.next()) {
    const { timestamp } = records
    expect(writer.append(records.key(), records.value(), records.headers(), timestamp)).toBe(true)
  }
  return writer.finish(stampOf(reader))
}

function stampOf(reader: BatchReader): ProducerStamp {
  return {
    producerId: reader.producerId,
    producerEpoch: reader.producerEpoch,
    baseSequence: reader.baseSequence,
    transactional: reader.isTransactional,
  }
}
