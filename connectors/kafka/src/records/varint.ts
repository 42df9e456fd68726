/**
 * Zigzag variable-length numbers: 0, -1, 1, -2 … become 0, 1, 2, 3 …, of which each byte holds
 * seven bits, the lowest first; its highest bit says that another byte follows.
 */

/** The bytes of a 32-bit number. @internal */
export function varintBytes(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0
  if (zigzag < 0x80) return 1
  if (zigzag < 0x4000) return 2
  if (zigzag < 0x20_0000) return 3
  return zigzag < 0x1000_0000 ? 4 : 5
}

/** Writes a 32-bit number; gives the position behind it. @internal */
export function writeVarint(bytes: Buffer, position: number, value: number): number {
  let at = position
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    bytes[at] = (rest & 0x7f) | 0x80
    at += 1
    rest >>>= 7
  }
  bytes[at] = rest
  return at + 1
}

/** The bytes of a whole number between -2^52 and 2^52, both exclusive. @internal */
export function varlongBytes(value: number): number {
  if (isInt32(value)) return varintBytes(value)
  let rest = Math.floor(zigzagOf(value) / 0x1000_0000)
  let count = 4
  while (rest > 0) {
    count += 1
    rest = Math.floor(rest / 0x80)
  }
  return count
}

/**
 * Writes a whole number between -2^52 and 2^52, both exclusive; gives the position behind it.
 *
 * @internal
 */
export function writeVarlong(bytes: Buffer, position: number, value: number): number {
  if (isInt32(value)) return writeVarint(bytes, position, value)
  let at = position
  let rest = zigzagOf(value)
  while (rest > 0x7f) {
    bytes[at] = (rest & 0x7f) | 0x80
    at += 1
    rest = Math.floor(rest / 0x80)
  }
  bytes[at] = rest
  return at + 1
}

function isInt32(value: number): boolean {
  return (value | 0) === value
}

function zigzagOf(value: number): number {
  return value < 0 ? -value * 2 - 1 : value * 2
}
