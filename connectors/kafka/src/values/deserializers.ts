import { isUtf8 } from 'node:buffer'
import type { Deserializer } from './kafka-record.ts'

/**
 * A copy of the bytes; short ones share a few kilobytes of memory.
 *
 * @public
 */
export const bytesDeserializer: Deserializer<Uint8Array | null> = (bytes) =>
  bytes === null ? null : Buffer.from(bytes)

/** Text in UTF-8; bytes that are none are an error. @public */
export const stringDeserializer: Deserializer<string | null> = (bytes) =>
  bytes === null ? null : textOf(bytes)

/**
 * JSON in UTF-8; null where the record has no bytes.
 *
 * @param parse - Checks what was parsed and gives it a type; throws what it refuses.
 * @public
 */
export function jsonDeserializer(): Deserializer<unknown>
/** @public */
export function jsonDeserializer<T>(parse: (value: unknown) => T): Deserializer<T | null>
/** @public */
export function jsonDeserializer(
  parse: (value: unknown) => unknown = (value) => value,
): Deserializer<unknown> {
  return (bytes) => (bytes === null ? null : parse(JSON.parse(textOf(bytes))))
}

function textOf(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new Error('the bytes are no UTF-8')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}
