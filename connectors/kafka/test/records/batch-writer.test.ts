import { describe, expect, test } from 'vitest'
import { BatchReader } from '../../src/records/batch-reader.ts'
import { BatchWriter, stampBatch } from '../../src/records/batch-writer.ts'
import type { CompressionType } from '../../src/records/record-batch.ts'
import { timestampMax } from '../../src/records/record-batch.ts'
import { readAll, valuesIn } from './batches.ts'

const stamp = { producerId: 7, producerEpoch: 3, baseSequence: 99, transactional: true }
const value = Buffer.from('a value of some length')

function headerOf(batch: Buffer): BatchReader {
  const reader = new BatchReader()
  reader.reset(batch)
  expect(reader.nextBatch()).toBe(true)
  return reader
}

describe('a batch writer', () => {
  test('knows the size of the batch while it is appended to', () => {
    const writer = new BatchWriter({ bytesMax: 10_000, bufferBytes: 64 })
    const sizes: number[] = []

    for (let index = 0; index < 100; index += 1) {
      writer.append(value, value, [{ key: 'größe', value }], index * 1_000_000)
      sizes.push(writer.sizeBytes - writer.finish().length)
    }

    expect(new Set(sizes)).toEqual(new Set([0]))
  })

  test('takes records up to its limit and not one more', () => {
    const writer = new BatchWriter({ bytesMax: 61 + 2 * 29, bufferBytes: 1 })

    const taken = [1, 2, 3].map(() => writer.append(null, value, [], 0))

    expect(taken).toEqual([true, true, false])
    expect(writer.recordCount).toBe(2)
    expect(readAll(writer.finish())).toHaveLength(2)
  })

  test('refuses a record that is larger by one byte than what is left', () => {
    const writer = new BatchWriter({ bytesMax: 61 + 2 * 29 - 1 })

    expect([1, 2].map(() => writer.append(null, value, [], 0))).toEqual([true, false])
  })

  test('refuses a record that is larger than a batch', () => {
    const writer = new BatchWriter({ bytesMax: 80 })

    expect(writer.append(null, value, [], 0)).toBe(false)
    expect(writer.recordCount).toBe(0)
  })

  test('is used again after a reset', () => {
    const writer = new BatchWriter({ bytesMax: 10_000 })
    writer.append(null, Buffer.from('first'), [], 500)
    const first = Buffer.from(writer.finish(stamp))
    writer.reset()

    writer.append(null, Buffer.from('second'), [], 3)

    const second = writer.finish()
    expect([valuesIn(first), valuesIn(second)]).toEqual([['first'], ['second']])
    expect(headerOf(second).maxTimestamp).toBe(3)
    expect(headerOf(second).producerId).toBe(-1)
  })

  test('takes the greatest timestamp as that of the batch, not the last', () => {
    const writer = new BatchWriter({ bytesMax: 10_000 })
    for (const timestamp of [9, 100, 0, -1, 11]) writer.append(null, null, [], timestamp)

    const batch = writer.finish()

    expect(headerOf(batch).maxTimestamp).toBe(100)
    expect(readAll(batch).map(({ timestamp }) => timestamp)).toEqual([9, 100, 0, -1, 11])
  })

  test('keeps timestamps from -1 to the greatest exactly', () => {
    const timestamps = [timestampMax, -1, timestampMax - 1, 2 ** 31, 2 ** 31 - 1, 0, 2 ** 32]
    const writer = new BatchWriter({ bytesMax: 10_000 })
    for (const timestamp of timestamps) writer.append(null, null, [], timestamp)

    expect(readAll(writer.finish()).map(({ timestamp }) => timestamp)).toEqual(timestamps)
  })

  test.each([-2, 0.5, Number.NaN, Number.NEGATIVE_INFINITY, timestampMax + 1])(
    'refuses the timestamp %d',
    (timestamp) => {
      const writer = new BatchWriter({ bytesMax: 10_000 })

      expect(() => writer.append(null, null, [], timestamp)).toThrow(
        expect.objectContaining({ code: 'FLINKTS_KAFKA_RECORD_INVALID' }),
      )
    },
  )

  test('tells keys, values and headers that are null from empty ones', () => {
    const empty = Buffer.alloc(0)
    const headers = [
      { key: 'a', value: null },
      { key: 'a', value: empty },
      { key: '', value: Buffer.from('b') },
      { key: 'a', value: null },
    ]
    const writer = new BatchWriter({ bytesMax: 10_000 })
    writer.append(null, empty, headers, 0)
    writer.append(empty, null, [], 0)

    expect(readAll(writer.finish())).toEqual([
      { key: null, value: empty, headers, timestamp: 0 },
      { key: empty, value: null, headers: [], timestamp: 0 },
    ])
  })

  test('writes keys of headers that are no well-formed text', () => {
    const writer = new BatchWriter({ bytesMax: 10_000 })
    writer.append(null, null, [{ key: 'a\ud800b', value: null }], 0)

    expect(readAll(writer.finish())[0]?.headers).toEqual([{ key: 'a\ufffdb', value: null }])
  })

  test.each<CompressionType>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'gives a finished batch another producer, compressed by %s',
    (type) => {
      const writer = new BatchWriter({ bytesMax: 10_000, compression: { type } })
      writer.append(null, value, [], 0)
      const batch = writer.finish({ ...stamp, transactional: false })

      stampBatch(batch, stamp)

      expect(batch).toEqual(Buffer.from(writer.finish(stamp)))
      const { producerId, producerEpoch, baseSequence, isTransactional } = headerOf(batch)
      expect({ producerId, producerEpoch, baseSequence, transactional: isTransactional }).toEqual(
        stamp,
      )
    },
  )

  test.each([
    { type: 'gzip' as const, low: 1, high: 9 },
    { type: 'zstd' as const, low: 1, high: 19 },
  ])('compresses more at a higher level of $type', ({ type, low, high }) => {
    const [fast, small] = [low, high].map((level) => {
      const writer = new BatchWriter({ bytesMax: 2 ** 20, compression: { type, level } })
      for (let index = 0; index < 2000; index += 1) {
        writer.append(null, Buffer.from(`{"number":${(index * 7919) % 1009}}`), [], index)
      }
      return writer.finish().length
    })

    expect(small).toBeLessThan(fast ?? 0)
  })

  test('estimates a compressed batch from those before, and never below the last', () => {
    const writer = new BatchWriter({ bytesMax: 2 ** 20, compression: { type: 'lz4' } })
    const fill = (text: string) => {
      writer.reset()
      for (let index = 0; index < 100; index += 1) writer.append(null, Buffer.from(text), [], 0)
    }
    fill('x'.repeat(200))
    expect(writer.estimatedBytes).toBe(writer.sizeBytes)

    for (let round = 0; round < 50; round += 1) {
      writer.finish()
      fill('x'.repeat(200))
    }
    const actual = writer.finish().length

    expect(writer.estimatedBytes).toBeGreaterThanOrEqual(actual)
    expect(writer.estimatedBytes).toBeLessThan(writer.sizeBytes / 10)
  })
})
