/** Decoders of types whose text form needs no calendar and no nesting. */
import { FlinktsError } from '@flinkts/core/connector'
import type { PgValue } from '../records/change.ts'

const minus = 0x2d
const zero = 0x30
const letterI = 0x49
const letterN = 0x4e
const letterT = 0x74
const backslash = 0x5c
/** A number of so many digits is exact as a double. */
const exactDigits = 15

/** What `toString` calls once it knows the encoding, which takes it as long as a short text. */
interface SlicedBuffer {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
}

/** Text of any characters. @internal */
export function decodeText(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & SlicedBuffer).utf8Slice(start, end)
}

/** Text that is known to be ASCII: digits, UUIDs, and so on. @internal */
export function decodeAscii(bytes: Buffer, start: number, end: number): string {
  return (bytes as Buffer & SlicedBuffer).latin1Slice(start, end)
}

/** @internal */
export function decodeBoolean(bytes: Buffer, start: number): boolean {
  return bytes[start] === letterT
}

/** Whole numbers of at most 15 digits. @internal */
export function decodeInteger(bytes: Buffer, start: number, end: number): number {
  const negative = bytes[start] === minus
  let value = 0
  for (let index = negative ? start + 1 : start; index < end; index++) {
    value = value * 10 + (bytes[index] ?? 0) - zero
  }
  return negative ? -value : value
}

/** @internal */
export function decodeBigint(bytes: Buffer, start: number, end: number): bigint {
  if (end - start <= exactDigits) return BigInt(decodeInteger(bytes, start, end))
  return BigInt(bytes.toString('latin1', start, end))
}

/** JSON has no NaN and no infinities: those stay text, as Postgres writes them. @internal */
export function decodeFloat(bytes: Buffer, start: number, end: number): number | string {
  const text = bytes.toString('latin1', start, end)
  const first = bytes[start]
  if (first === letterN || first === letterI) return text
  if (first === minus && bytes[start + 1] === letterI) return text
  return Number(text)
}

/** `bytea_output = hex`: `\xdeadbeef`. @internal */
export function decodeBytes(bytes: Buffer, start: number, end: number): Uint8Array {
  if (bytes[start] !== backslash) {
    throw new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', 'a bytea value is not in hex form')
  }
  return new Uint8Array(Buffer.from(bytes.toString('latin1', start + 2, end), 'hex'))
}

/** The parsed value; numbers become doubles. @internal */
export function decodeJson(bytes: Buffer, start: number, end: number): PgValue {
  return JSON.parse(bytes.toString('utf8', start, end)) as PgValue
}
