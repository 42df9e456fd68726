/**
 * The frame format of LZ4 (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md), which
 * Kafka uses. Numbers are little-endian:
 *
 *     magic 4, flags 1, block size 1, [content size 8], [dictionary 4], header checksum 1,
 *     blocks × (size 4, data, [checksum 4]), end mark 4, [content checksum 4]
 */
import { compressFrameSync, decompressFrameSync, uncompressSync } from 'lz4-napi'
import { decompressedTooLarge, recordsInvalid } from './records-invalid.ts'

const magic = 0x18_4d_22_04
const headerBytesMin = 7
const version = 0x40
const versionMask = 0xc0
const plainFlags = 0x60
const flagBlockChecksum = 0x10
const flagContentSize = 0x08
const flagContentChecksum = 0x04
const flagDictionary = 0x01
const blockSizeBytes = 4
const blockSizeCodeMin = 4
const uncompressedBlock = 0x8000_0000
/** No byte of a compressed block stands for more. */
const expansionMax = 255

const lengthMask = 15
const matchBytesMin = 4
const matchOffsetBytes = 2

interface Length {
  readonly length: number
  /** What follows it. */
  readonly next: number
}

interface FrameHeader {
  /** Whether its blocks are independent, and there are no checksums but that of the header. */
  readonly plain: boolean
  /** Of the first block. */
  readonly start: number
  readonly blockBytesMax: number
  readonly blockChecksumBytes: number
  readonly checksumBytes: number
}

/** Compresses into one frame of independent blocks without checksums. @internal */
export function compressLz4(bytes: Buffer): Buffer {
  return compressFrameSync(bytes)
}

/**
 * Decompresses one frame; what follows it is left alone, as Kafka's own clients do.
 *
 * @param bytesMax - The most that it may hold.
 * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID, FLINKTS_KAFKA_BATCH_TOO_LARGE
 * @internal
 */
export function decompressLz4(bytes: Buffer, bytesMax: number): Buffer {
  const header = readHeader(bytes)
  if (header.plain) return decompressBlocks(bytes, header, bytesMax)
  return decompressFrameSync(bytes.subarray(0, frameEnd(bytes, header, bytesMax)))
}

/**
 * Block after block: for frames as Kafka's clients write them, without checksums of their own, that
 * takes a tenth of the time that the whole frame takes at once.
 */
function decompressBlocks(bytes: Buffer, header: FrameHeader, bytesMax: number): Buffer {
  const contents: Buffer[] = []
  let contentBytes = 0
  let at = header.start
  for (let size = blockSizeAt(bytes, at); size !== 0; size = blockSizeAt(bytes, at)) {
    const uncompressed = size >= uncompressedBlock
    const start = at + blockSizeBytes
    const end = start + (uncompressed ? size - uncompressedBlock : size)
    if (end > bytes.length) throw frameCut()
    const block = bytes.subarray(start, end)
    const content = uncompressed ? block : decompressBlock(block, header.blockBytesMax)
    contentBytes += content.length
    if (contentBytes > bytesMax) throw decompressedTooLarge(bytesMax)
    contents.push(content)
    at = end
  }
  const [only] = contents
  return contents.length === 1 && only !== undefined ? only : Buffer.concat(contents, contentBytes)
}

/** The decoder wants the most that may come out in front of the block. */
function decompressBlock(block: Buffer, blockBytesMax: number): Buffer {
  if (block.length > blockBytesMax) throw noFrame()
  const prefixed = Buffer.allocUnsafe(blockSizeBytes + block.length)
  prefixed.writeUInt32LE(Math.min(blockBytesMax, block.length * expansionMax))
  block.copy(prefixed, blockSizeBytes)
  return uncompressSync(prefixed)
}

/** Where the frame ends: its blocks are counted before the memory for them is taken. */
function frameEnd(bytes: Buffer, header: FrameHeader, bytesMax: number): number {
  const { start, blockBytesMax, blockChecksumBytes, checksumBytes } = header
  let at = start
  let contentBytes = 0
  for (let size = blockSizeAt(bytes, at); size !== 0; size = blockSizeAt(bytes, at)) {
    const plain = size >= uncompressedBlock
    const dataBytes = plain ? size - uncompressedBlock : size
    if (dataBytes > blockBytesMax) throw noFrame()
    const data = bytes.subarray(at + blockSizeBytes, at + blockSizeBytes + dataBytes)
    const roomBytes = bytesMax - contentBytes
    contentBytes += plain ? dataBytes : contentBytesOf(data, Math.min(roomBytes, blockBytesMax))
    if (contentBytes > bytesMax) throw decompressedTooLarge(bytesMax)
    at += blockSizeBytes + dataBytes + blockChecksumBytes
  }
  const end = at + blockSizeBytes + checksumBytes
  if (end > bytes.length) throw frameCut()
  return end
}

/** What a block holds: counted only if it might be more than `roomBytes`, else not less. */
function contentBytesOf(block: Buffer, roomBytes: number): number {
  const atMost = block.length * expansionMax
  if (atMost <= roomBytes) return atMost
  let contentBytes = 0
  let at = 0
  while (at < block.length) {
    const token = block.readUInt8(at)
    const literals = extendedLength(block, at + 1, token >> 4)
    at = literals.next + literals.length + matchOffsetBytes
    contentBytes += literals.length
    if (at > block.length) break
    const match = extendedLength(block, at, token & lengthMask)
    at = match.next
    contentBytes += match.length + matchBytesMin
  }
  return contentBytes
}

/** A length of 15 goes on in the bytes that follow, until one that is not 255. */
function extendedLength(block: Buffer, start: number, first: number): Length {
  if (first < lengthMask) return { length: first, next: start }
  let length = first
  let at = start
  while (block[at] === 255) {
    length += 255
    at += 1
  }
  return { length: length + (block[at] ?? 0), next: at + 1 }
}

function blockSizeAt(bytes: Buffer, at: number): number {
  if (at + blockSizeBytes > bytes.length) throw frameCut()
  return bytes.readUInt32LE(at)
}

function readHeader(bytes: Buffer): FrameHeader {
  if (bytes.length < headerBytesMin || bytes.readUInt32LE(0) !== magic) throw noFrame()
  const flags = bytes.readUInt8(4)
  const blockSizeCode = (bytes.readUInt8(5) >> 4) & 7
  if ((flags & versionMask) !== version || blockSizeCode < blockSizeCodeMin) throw noFrame()
  const contentSizeBytes = (flags & flagContentSize) === 0 ? 0 : 8
  const dictionaryBytes = (flags & flagDictionary) === 0 ? 0 : 4
  return {
    plain: flags === plainFlags,
    start: headerBytesMin + contentSizeBytes + dictionaryBytes,
    blockBytesMax: 2 ** (8 + 2 * blockSizeCode),
    blockChecksumBytes: (flags & flagBlockChecksum) === 0 ? 0 : 4,
    checksumBytes: (flags & flagContentChecksum) === 0 ? 0 : 4,
  }
}

function noFrame(): Error {
  return recordsInvalid('its records are no LZ4 frame')
}

function frameCut(): Error {
  return recordsInvalid('an LZ4 frame ends before its end mark')
}
