import type { KitRecord } from '@flinkts/testkit'

/** Records of the conformance kit as lines of JSON, as programs without this package have them. */

// ECMAScript's "JSON.parse source text access", which the types lack so far.
const rawJson = JSON as typeof JSON & { rawJSON(text: string): unknown }

/** A line with all the digits of its whole numbers. */
export function lineOf(record: KitRecord): string {
  const text = JSON.stringify(record, (_name, value: unknown) =>
    typeof value === 'bigint' ? rawJson.rawJSON(String(value)) : value,
  )
  return `${text}\n`
}

/** A record of a line, with all the digits of its whole number, and its bytes, from base64. */
export function recordOf(line: string): KitRecord {
  return JSON.parse(line, revived) as KitRecord
}

function revived(name: string, value: unknown, at?: { readonly source?: string }): unknown {
  if (name === 'bigint' && typeof value === 'number') return BigInt(at?.source ?? value)
  return name === 'bytes' && typeof value === 'string' ? Buffer.from(value, 'base64') : value
}
