/**
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected, eight bytes a step ("slicing by eight").
 * `initial` is the checksum of what came before, so `crc32c(b, crc32c(a))` is that of `a` then `b`.
 *
 * @returns an unsigned 32-bit integer; 0 for no bytes.
 * @internal
 */
export function crc32c(bytes: Uint8Array, initial = 0): number {
  const length = bytes.length
  const wide = length - (length % 8)
  let crc = ~initial
  for (let i = 0; i < wide; i += 8) {
    const low = crc ^ word(bytes, i)
    const high = word(bytes, i + 4)
    crc =
      at(1792 + (low & 0xff)) ^
      at(1536 + ((low >>> 8) & 0xff)) ^
      at(1280 + ((low >>> 16) & 0xff)) ^
      at(1024 + (low >>> 24)) ^
      at(768 + (high & 0xff)) ^
      at(512 + ((high >>> 8) & 0xff)) ^
      at(256 + ((high >>> 16) & 0xff)) ^
      at(high >>> 24)
  }
  for (let i = wide; i < length; i += 1) {
    crc = (crc >>> 8) ^ at((crc ^ (bytes[i] as number)) & 0xff)
  }
  return ~crc >>> 0
}

const polynomial = 0x82f63b78

/** Eight tables of 256: table `t` advances a byte over `t` further zero bytes. */
const tables: Int32Array = createTables()

function createTables(): Int32Array {
  const result = new Int32Array(8 * 256)
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? polynomial : 0)
    result[byte] = crc
  }
  for (let i = 256; i < result.length; i += 1) {
    const previous = result[i - 256] as number
    result[i] = (previous >>> 8) ^ (result[previous & 0xff] as number)
  }
  return result
}

function at(index: number): number {
  return tables[index] as number
}

function word(bytes: Uint8Array, i: number): number {
  return (
    (bytes[i] as number) |
    ((bytes[i + 1] as number) << 8) |
    ((bytes[i + 2] as number) << 16) |
    ((bytes[i + 3] as number) << 24)
  )
}
