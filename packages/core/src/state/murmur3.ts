/**
 * MurmurHash3_x86_32 (Austin Appleby, public domain), in parts, so that a caller that knows its
 * bytes as numbers hashes them without a buffer: `mixBlock` for every four bytes (little endian),
 * then `mixTail` for the rest, then `finishHash`.
 */

/** The hash of `bytes` with seed 0. @returns an unsigned 32-bit integer. @internal */
export function murmur3(bytes: Uint8Array): number {
  const length = bytes.length
  const wide = length - (length % 4)
  let hash = 0
  for (let i = 0; i < wide; i += 4) {
    hash = mixBlock(
      hash,
      (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24),
    )
  }
  let tail = 0
  for (let i = length - 1; i >= wide; i -= 1) tail = (tail << 8) | (bytes[i] as number)
  return finishHash(mixTail(hash, tail), length)
}

/** Mixes in four bytes. @internal */
export function mixBlock(hash: number, block: number): number {
  const mixed = hash ^ scramble(block)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

/** Mixes in the last bytes, up to three; no bytes are a `tail` of 0. @internal */
export function mixTail(hash: number, tail: number): number {
  return hash ^ scramble(tail)
}

/** Ends the hash of `length` bytes. @returns an unsigned 32-bit integer. @internal */
export function finishHash(hash: number, length: number): number {
  let mixed = hash ^ length
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

function scramble(block: number): number {
  const mixed = Math.imul(block, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}
