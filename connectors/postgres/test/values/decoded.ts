import type { PgValue } from '../../src/records/change.ts'
import type { ValueDecoder } from '../../src/values/value-decoder.ts'

/** The value of a text that stands in the middle of other bytes. */
export function decoded(decoder: ValueDecoder, text: string): PgValue {
  const bytes = Buffer.from(`9${text}9`)
  return decoder(bytes, 1, bytes.length - 1)
}
