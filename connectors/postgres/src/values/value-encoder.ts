/** Values as Postgres reads them: the reverse of the decoders, for every type that they know. */
import { defined } from '@flinkts/core/connector'
import { jsonbOid, jsonOid } from './built-in-types.ts'
import { postgresTime } from './date-time-encoder.ts'
import type { TypeCatalog } from './type-catalog.ts'

/**
 * Postgres's text form of a value that is neither null nor undefined. Undefined: the type cannot
 * hold such a value.
 *
 * @internal
 */
export type ValueEncoder = (value: unknown) => string | undefined

/** Dates and timestamps have a form of their own for rare years. */
const timeOids: ReadonlySet<number> = new Set([1082, 1114, 1184])
const jsonOids: ReadonlySet<number> = new Set([jsonOid, jsonbOid])

/**
 * How values of a type that the catalog has loaded are written.
 *
 * @param json - What strings in json and jsonb are: see `PostgresSinkOptions`.
 * @internal
 */
export function encoderOf(types: TypeCatalog, oid: number, json: 'text' | 'value'): ValueEncoder {
  const type = defined(types.get(oid), 'the type of a column was loaded')
  if (type.baseOid !== undefined) return encoderOf(types, type.baseOid, json)
  if (type.elementOid !== undefined) {
    const element = defined(types.get(type.elementOid), 'the type of an element was loaded')
    return arrayEncoder(encoderOf(types, element.oid, json), element.delimiter)
  }
  if (jsonOids.has(oid)) return json === 'text' ? encodeJsonText : encodeJson
  return timeOids.has(oid) ? encodeTime : encodeScalar
}

function encodeScalar(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Uint8Array) return hexOf(value)
  return value instanceof Date ? value.toISOString() : undefined
}

function encodeTime(value: unknown): string | undefined {
  const text = encodeScalar(value)
  return text === undefined ? undefined : postgresTime(text)
}

function encodeJsonText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : encodeJson(value)
}

/** JSON has no bigint: its digits, all of them, are a number there. */
function encodeJson(value: unknown): string | undefined {
  if (typeof value === 'bigint') return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

function hexOf(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes
  return `\\x${Buffer.from(buffer, byteOffset, byteLength).toString('hex')}`
}

/** `{"a","b",NULL}`: quotes are always allowed. A nested array is a dimension. */
function arrayEncoder(element: ValueEncoder, delimiter: string): ValueEncoder {
  const encodeArray = (value: unknown): string | undefined => {
    // Whoever has Postgres's own text of an array may give it.
    if (typeof value === 'string') return value
    if (!Array.isArray(value)) return undefined
    const parts: string[] = []
    for (const item of value as readonly unknown[]) {
      const part = encodeItem(item)
      if (part === undefined) return undefined
      parts.push(part)
    }
    return `{${parts.join(delimiter)}}`
  }
  const encodeItem = (item: unknown): string | undefined => {
    if (item === null) return 'NULL'
    if (Array.isArray(item)) return encodeArray(item)
    const text = element(item)
    return text === undefined ? undefined : quotedItem(text)
  }
  return encodeArray
}

const special = /["\\]/
const specials = /["\\]/g

/** An item of Postgres's text of an array, in quotes, which are always allowed. @internal */
export function quotedItem(text: string): string {
  return `"${special.test(text) ? text.replace(specials, '\\$&') : text}"`
}

/** A value that no column takes, in words. @internal */
export function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'an array' : `a value of JavaScript's type ${typeof value}`
}
