import { FlinktsError } from '@flinkts/core/connector'
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { compressLz4, decompressLz4 } from './lz4-frame.ts'
import type { CompressionType } from './record-batch.ts'
import { decompressedTooLarge, recordsInvalid } from './records-invalid.ts'
import { compressSnappy, decompressSnappy } from './snappy-blocks.ts'

/** How records are to be compressed. @internal */
export type Compression =
  | { readonly type: 'none' | 'snappy' | 'lz4' }
  /** `level`: 1 (fast) to 9 (small), inclusive; undefined: 6. */
  | { readonly type: 'gzip'; readonly level?: number | undefined }
  /** `level`: 1 (fast) to 22 (small), inclusive; undefined: 3. */
  | { readonly type: 'zstd'; readonly level?: number | undefined }

const zlibChunkBytesMin = 16 * 1024
const zlibChunkBytesMax = 1024 * 1024
/** Text often shrinks to less than this part. */
const usualExpansion = 8

/** The records of a batch, compressed; with `none` the same bytes. @internal */
export function compress(compression: Compression, bytes: Buffer): Buffer {
  switch (compression.type) {
    case 'none':
      return bytes
    case 'gzip':
      return gzipSync(bytes, {
        level: compression.level ?? constants.Z_DEFAULT_COMPRESSION,
        chunkSize: chunkBytes(bytes.length),
      })
    case 'snappy':
      return compressSnappy(bytes)
    case 'lz4':
      return compressLz4(bytes)
    case 'zstd':
      return zstdCompressSync(bytes, {
        chunkSize: chunkBytes(bytes.length),
        params: {
          [constants.ZSTD_c_compressionLevel]: compression.level ?? constants.ZSTD_CLEVEL_DEFAULT,
        },
      })
  }
}

/**
 * The records of a batch, decompressed; with `none` the same bytes.
 *
 * @param bytesMax - The most bytes that may come out, inclusive.
 * @throws FlinktsError FLINKTS_KAFKA_RECORDS_INVALID, FLINKTS_KAFKA_BATCH_TOO_LARGE
 * @internal
 */
export function decompress(type: CompressionType, bytes: Buffer, bytesMax: number): Buffer {
  try {
    return decompressed(type, bytes, bytesMax)
  } catch (cause) {
    if (cause instanceof FlinktsError) throw cause
    if (isTooLarge(cause)) throw decompressedTooLarge(bytesMax)
    throw recordsInvalid(`its records cannot be decompressed by ${type}`, cause)
  }
}

function decompressed(type: CompressionType, bytes: Buffer, bytesMax: number): Buffer {
  const chunkSize = chunkBytes(bytes.length * usualExpansion)
  switch (type) {
    case 'none':
      return bytes
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength: bytesMax, chunkSize })
    case 'snappy':
      return decompressSnappy(bytes, bytesMax)
    case 'lz4':
      return decompressLz4(bytes, bytesMax)
    case 'zstd':
      return zstdDecompressSync(bytes, { maxOutputLength: bytesMax, chunkSize })
  }
}

/** The output of zlib is collected in chunks of this size: one is enough for most batches. */
function chunkBytes(expectedBytes: number): number {
  return Math.min(Math.max(expectedBytes, zlibChunkBytesMin), zlibChunkBytesMax)
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
