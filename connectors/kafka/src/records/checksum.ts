import { crc32c } from '@node-rs/crc32'

/** The CRC-32C of the bytes from `start` (inclusive) to `end` (exclusive). @internal */
export function checksumOf(bytes: Buffer, start: number, end: number): number {
  return crc32c(bytes.subarray(start, end))
}
