/** 64-bit numbers as doubles: exact up to 2^53, the nearest double beyond. */

const word = 2 ** 32

/** Reads a signed 64-bit number. @internal */
export function readInt64(bytes: Buffer, at: number): number {
  return bytes.readInt32BE(at) * word + bytes.readUInt32BE(at + 4)
}

/** Writes a whole number as a signed 64-bit one. @internal */
export function writeInt64(bytes: Buffer, at: number, value: number): void {
  bytes.writeInt32BE(Math.floor(value / word), at)
  bytes.writeUInt32BE(value >>> 0, at + 4)
}
