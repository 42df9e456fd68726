/**
 * Snappy as Kafka's Java client writes it, in blocks behind a header that is no part of Snappy
 * (https://github.com/xerial/snappy-java#compatibility-notes); other clients write one raw block.
 * Numbers are big-endian:
 *
 *     header 8, version 4, oldest version that can read it 4, blocks × (size 4, raw Snappy)
 */
import { compressSync, uncompressSync } from 'snappy'
import { decompressedTooLarge, recordsInvalid } from './records-invalid.ts'

const magic = Buffer.from('\u0082SNAPPY\0', 'latin1')
const version = 1
const headerBytes = 16
/** As much as Kafka's Java client puts into one. */
const blockBytes = 32 * 1024
/** More than any byte of Snappy stands for: its longest copy makes 64 bytes of three. */
const expansionMax = 32

/** Compresses into blocks. @internal */
export function compressSnappy(bytes: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes)
  magic.copy(header)
  header.writeInt32BE(version, 8)
  header.writeInt32BE(version, 12)
  const parts: Buffer[] = [header]
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const block = compressSync(bytes.subarray(start, start + blockBytes))
    const size = Buffer.alloc(4)
    size.writeInt32BE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat(parts)
}

/**
 * Decompresses blocks, or one raw block.
 *
 * @param bytesMax - The most that they may hold.
 * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID, FLINKTS_KAFKA_BATCH_TOO_LARGE
 * @internal
 */
export function decompressSnappy(bytes: Buffer, bytesMax: number): Buffer {
  const blocks = hasHeader(bytes) ? blocksOf(bytes) : [bytes]
  const sizes = blocks.map(contentBytesOf)
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0)
  if (totalBytes > bytesMax) throw decompressedTooLarge(bytesMax)
  const [first] = blocks
  if (first !== undefined && blocks.length === 1) return rawContent(first)
  const content = Buffer.allocUnsafeSlow(totalBytes)
  let at = 0
  for (const block of blocks) at += rawContent(block).copy(content, at)
  return content
}

function hasHeader(bytes: Buffer): boolean {
  return bytes.length >= headerBytes && magic.equals(bytes.subarray(0, magic.length))
}

function blocksOf(bytes: Buffer): readonly Buffer[] {
  const blocks: Buffer[] = []
  let at = headerBytes
  while (at < bytes.length) {
    const start = at + 4
    const size = start <= bytes.length ? bytes.readInt32BE(at) : -1
    if (size < 0 || start + size > bytes.length) throw recordsInvalid('a block of Snappy is cut')
    blocks.push(bytes.subarray(start, start + size))
    at = start + size
  }
  return blocks
}

/** What a raw block says that it holds, if it can hold it. */
function contentBytesOf(block: Buffer): number {
  let size = 0
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index]
    if (byte === undefined) break
    size += (byte & 0x7f) * 2 ** (7 * index)
    if (byte > 0x7f) continue
    if (size > block.length * expansionMax) break
    return size
  }
  throw recordsInvalid('a block of Snappy has an impossible size')
}

function rawContent(block: Buffer): Buffer {
  const content = uncompressSync(block, { asBuffer: true })
  if (typeof content === 'string') throw recordsInvalid('Snappy gave text')
  return content
}
