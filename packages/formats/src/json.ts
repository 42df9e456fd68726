import { Buffer } from 'node:buffer'
import { FlinktsError, messageOf } from '@flinkts/core/connector'

/**
 * How values that JSON does not have are written.
 *
 * @public
 */
export interface JsonEncoding {
  /** `number` (default): exact digits, however many. `string`: the digits in quotes. */
  readonly bigints?: 'number' | 'string'
  /** How `Uint8Array` is written, as a string: `base64` (default) or `hex`. */
  readonly bytes?: 'base64' | 'hex'
}

/** Deeper values are refused. @internal */
export const DEPTH_MAX = 1000
/** Every integer of fewer digits is exact as a double. */
const LONG_DIGITS = 16

/**
 * The value as JSON text without line breaks. Values that JSON would drop or change in silence are
 * refused: NaN, Infinity, functions, symbols, `Map`, `Set`, invalid dates. Fields that are
 * `undefined` are left out.
 *
 * @throws FlinktsError FLINKTS_RECORD_UNENCODABLE with the path of the field.
 * @public
 */
export function encodeJson(value: unknown, encoding: JsonEncoding = {}): string {
  const ready = isPlain(value, 0) ? value : jsonReady(value, [], encoding)
  const text: string | undefined = JSON.stringify(ready)
  if (text === undefined) throw unencodable([], 'undefined has no JSON form')
  return text
}

/**
 * The value of a JSON text. An integer that a double cannot hold exactly becomes a `bigint`.
 *
 * @throws SyntaxError if it is not JSON.
 * @public
 */
export function decodeJson(text: string): unknown {
  return longInteger.test(text) ? JSON.parse(text, exactInteger) : JSON.parse(text)
}

/**
 * Whether 16 or more digits follow each other somewhere in the bytes from `from` (inclusive) to
 * `to` (exclusive): only such JSON can hold an integer that a double cannot. Looks at every 16th
 * byte.
 *
 * @internal
 */
export function hasLongDigitRun(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from + LONG_DIGITS - 1; at < to; at += LONG_DIGITS) {
    if (!isDigit(bytes[at])) continue
    let first = at
    while (first > from && isDigit(bytes[first - 1])) first -= 1
    let end = at + 1
    while (end < to && end - first < LONG_DIGITS && isDigit(bytes[end])) end += 1
    if (end - first >= LONG_DIGITS) return true
  }
  return false
}

// Finds every integer that may be inexact; a string with such digits in it costs time, nothing
// else.
const longInteger = /(?:^|[\s:,[])-?\d{16,}(?=[\s,\]}]|$)/
const integer = /^-?\d+$/

// The third argument is ECMAScript's "JSON.parse source text access"; the types lack it so far.
function exactInteger(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  return source !== undefined && integer.test(source) ? BigInt(source) : value
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/** Whether `JSON.stringify` writes all of the value as it is meant: the fast path. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      return value === null || (depth < DEPTH_MAX && isPlainObject(value, depth + 1))
    default:
      return false
  }
}

function isPlainObject(value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    const fields = value as Readonly<Record<string, unknown>>
    for (const name in fields) if (!isPlain(fields[name], depth)) return false
    return true
  }
  if (Array.isArray(value)) {
    for (const element of value) if (!isPlain(element, depth)) return false
    return true
  }
  return value instanceof Date && !Number.isNaN(value.getTime())
}

/** The names of the fields and the indices of the elements that lead to a value. */
type Path = (string | number)[]

/** What `JSON.stringify` writes as the value is meant; the value itself where it does already. */
function jsonReady(value: unknown, path: Path, encoding: JsonEncoding): unknown {
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) throw unencodable(path, `${value} has no JSON form`)
      return value
    case 'bigint':
      return readyBigint(value, encoding)
    case 'object':
      return value === null ? null : readyObject(value, path, encoding)
    case 'function':
    case 'symbol':
      throw unencodable(path, `a ${typeof value} has no JSON form`)
    default:
      return value
  }
}

function readyBigint(value: bigint, encoding: JsonEncoding): unknown {
  if (encoding.bigints === 'string') return value.toString()
  const rounded = Number(value)
  return Number.isSafeInteger(rounded) ? rounded : rawJson.rawJSON(value.toString())
}

// ECMAScript's "JSON.parse source text access", which the types lack so far.
const rawJson = JSON as typeof JSON & { rawJSON(text: string): unknown }

function readyObject(value: object, path: Path, encoding: JsonEncoding): unknown {
  if (path.length >= DEPTH_MAX) {
    const reason = `it is nested deeper than ${DEPTH_MAX} levels, or in itself`
    throw unencodable(path.slice(0, 3), reason)
  }
  if (Array.isArray(value)) return readyArray(value, path, encoding)
  if (value instanceof Uint8Array) return textOfBytes(value, encoding)
  if (value instanceof Date) return readyDate(value, path)
  if (hasToJson(value)) {
    const replaced = value.toJSON(String(path.at(-1) ?? ''))
    // As in JSON.stringify: `toJSON` of what it returned is not called.
    const again = typeof replaced === 'object' && replaced !== null && 'toJSON' in replaced
    return again
      ? readyFields({ ...replaced, toJSON: undefined }, path, encoding)
      : jsonReady(replaced, path, encoding)
  }
  const kind = Object.prototype.toString.call(value)
  if (kind !== '[object Object]') throw unencodable(path, `${kind} has no JSON form`)
  return readyFields(value, path, encoding)
}

function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

function readyDate(date: Date, path: Path): Date {
  if (Number.isNaN(date.getTime())) throw unencodable(path, 'an invalid date has no JSON form')
  return date
}

/** @internal */
export function textOfBytes(value: Uint8Array, encoding: JsonEncoding): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return bytes.toString(encoding.bytes ?? 'base64')
}

function readyArray(elements: readonly unknown[], path: Path, encoding: JsonEncoding): unknown {
  return elements.map((element, index) => {
    path.push(index)
    const ready = jsonReady(element, path, encoding)
    path.pop()
    return ready
  })
}

function readyFields(value: object, path: Path, encoding: JsonEncoding): unknown {
  // A spread, so that a field named `__proto__` stays a field.
  const ready: Record<string, unknown> = { ...value }
  for (const name of Object.keys(ready)) {
    path.push(name)
    ready[name] = jsonReady(ready[name], path, encoding)
    path.pop()
  }
  return ready
}

function unencodable(path: Path, reason: string): FlinktsError {
  const field = path.length === 0 ? 'record' : `field "${nameOf(path)}"`
  return new FlinktsError('FLINKTS_RECORD_UNENCODABLE', `${field} cannot be written: ${reason}`, {
    hint:
      'Map the record before the sink: leave the field out, or turn it into a string, ' +
      'a finite number, an array or a plain object.',
  })
}

function nameOf(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')
}

/** What `JSON.parse` or a `parse` option said about a text, for an error message. @internal */
export function reasonOf(thrown: unknown): string {
  return messageOf(thrown).split('\n')[0] ?? ''
}
