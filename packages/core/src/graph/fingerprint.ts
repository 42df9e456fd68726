import { crc32c } from '../common/crc32c.ts'

/**
 * 16 hexadecimal digits that change with any part of `value`, which must be plain data. @internal
 */
export function fingerprintOf(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value))
  const first = crc32c(bytes)
  return hex(first) + hex(crc32c(bytes, first ^ bytes.length))
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
