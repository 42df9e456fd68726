import { FlinktsError } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { compress, decompress } from '../../src/records/compression.ts'

const types = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const bomb = Buffer.alloc(4 * 2 ** 20)
const code = 'FLINKTS_KAFKA_RECORDS_INVALID'
const invalid = expect.objectContaining({ code }) as Error
const tooLarge = expect.objectContaining({ code: 'FLINKTS_KAFKA_BATCH_TOO_LARGE' }) as Error

describe.each(types)('%s', (type) => {
  test.each([0, 1, 100, 32 * 1024, 32 * 1024 + 1, 300_000])('gives back %i bytes', (length) => {
    const bytes = Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz0123456789')

    expect(decompress(type, compress({ type }, bytes), length + 1).equals(bytes)).toBe(true)
  })

  test('gives up when more comes out than is allowed', () => {
    expect(() => decompress(type, compress({ type }, bomb), bomb.length - 1)).toThrow(tooLarge)
  })

  test('takes as much as is allowed', () => {
    expect(decompress(type, compress({ type }, bomb), bomb.length)).toHaveLength(bomb.length)
  })

  test('refuses all that is cut short, or gives all of it', () => {
    const bytes = Buffer.alloc(70_000, 'the quick brown fox')
    const compressed = compress({ type }, bytes)

    for (let length = 0; length < compressed.length; length += 1) {
      const cut = compressed.subarray(0, length)
      expect(outcomeOf(() => decompress(type, cut, 100_000), bytes)).toMatch(/^(refused|cut)$/)
    }
  })
})

/** A cut between two blocks of Snappy gives what is before; the number of records tells it. */
function outcomeOf(action: () => Buffer, expected: Buffer): string {
  try {
    const actual = action()
    return actual.equals(expected.subarray(0, actual.length)) ? 'cut' : 'wrong'
  } catch (error) {
    return error instanceof FlinktsError && error.code === code ? 'refused' : String(error)
  }
}

describe('snappy', () => {
  test('is read without the blocks of the Java client too', () => {
    const bytes = Buffer.alloc(100_000, 'raw')

    expect(decompress('snappy', compressSync(bytes), 100_000).equals(bytes)).toBe(true)
  })

  test('takes no memory for what a block cannot hold', () => {
    const liar = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x07, 0, 0])

    expect(() => decompress('snappy', liar, Number.MAX_SAFE_INTEGER)).toThrow('impossible size')
  })
})

describe('lz4', () => {
  test('is written as a frame of independent blocks, as Kafka wants it', () => {
    const frame = compress({ type: 'lz4' }, Buffer.alloc(1000, 'a'))

    expect(frame.subarray(0, 5).toString('hex')).toBe('04224d1860')
  })

  test('counts what its blocks hold exactly when it may be too much', () => {
    const bytes = Buffer.concat([Buffer.alloc(50_000), Buffer.from('end of it'.repeat(2000))])
    const frame = compress({ type: 'lz4' }, bytes)

    expect(() => decompress('lz4', frame, bytes.length - 1)).toThrow(tooLarge)
    expect(decompress('lz4', frame, bytes.length).equals(bytes)).toBe(true)
  })

  test('is read with checksums of its own too, which must be right', () => {
    const bytes = Buffer.concat([Buffer.alloc(50_000), Buffer.from('end of it'.repeat(2000))])
    const frame = compressFrameSync(bytes, { contentChecksum: true, blockChecksums: true })

    expect(decompress('lz4', frame, bytes.length).equals(bytes)).toBe(true)
    expect(() => decompress('lz4', frame, bytes.length - 1)).toThrow(tooLarge)
    frame.writeUInt8(frame.readUInt8(frame.length - 1) ^ 1, frame.length - 1)
    expect(() => decompress('lz4', frame, bytes.length)).toThrow(invalid)
  })

  test('leaves alone what follows the frame', () => {
    const bytes = Buffer.alloc(1000, 'a')
    const frame = compress({ type: 'lz4' }, bytes)

    expect(decompress('lz4', Buffer.concat([frame, Buffer.from('tail')]), 1000)).toEqual(bytes)
  })

  test.each([
    ['another magic number', (frame: Buffer) => frame.writeUInt8(0x05, 0)],
    ['another version', (frame: Buffer) => frame.writeUInt8(0xa0, 4)],
    ['an unknown size of blocks', (frame: Buffer) => frame.writeUInt8(0x30, 5)],
    ['a block longer than all', (frame: Buffer) => frame.writeUInt32LE(0x7fff_ffff, 7)],
    ['a content size that is not there', (frame: Buffer) => frame.writeUInt8(0x68, 4)],
  ])('refuses a frame with %s', (_what, change) => {
    const frame = compress({ type: 'lz4' }, Buffer.alloc(1000, 'a'))
    change(frame)

    expect(() => decompress('lz4', frame, 100_000)).toThrow(invalid)
  })
})
