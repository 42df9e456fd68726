import { unreachable } from '@flinkts/core/connector'
import type { PgValue, Row } from '../records/change.ts'
import { quoteIdentifier, quoteLiteral } from '../records/relation.ts'

/**
 * How the values of a key column are ordered, alike here and on the server. Chunks end at keys, and
 * the stream must know into which chunk a key falls, so both sides have to agree on the order.
 *
 * - `native`: integers, floats and booleans in the type's own order
 * - `decimal`, `bytes`, `timestamp` (dates too): likewise, compared here in their text or byte form
 * - `text`: by code point, which is the order of UTF-8 bytes: the type's own under the collation
 *   `C` (and of uuid, which is never collated)
 * - `collated-text`: text whose own collation is another; ordered by code point all the same, so no
 *   index of the table helps
 * - `output`: any other type, by the code points of its text form; no index helps either
 *
 * @internal
 */
export type KeyOrder =
  | 'native'
  | 'decimal'
  | 'bytes'
  | 'timestamp'
  | 'text'
  | 'collated-text'
  | 'output'

/** A column of the key by which a table is cut into chunks. @internal */
export interface KeyColumn {
  readonly name: string
  readonly order: KeyOrder
}

/** A key: the values of the key columns, in the order of the key. @internal */
export type Key = readonly PgValue[]

/** A key in a form that checkpoints hold and the server reads: one text a column. @internal */
export type KeyText = readonly string[]

/** The key of a row. @internal */
export function keyOf(columns: readonly KeyColumn[], row: Row): Key {
  return columns.map((column) => row[column.name] ?? null)
}

/** @internal */
export function keyText(key: Key): KeyText {
  return key.map(valueText)
}

function valueText(value: PgValue): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  // Numbers, bigints and booleans; others are no keys.
  return typeof value === 'object' ? JSON.stringify(value) : value.toString()
}

/** The key that `keyText` wrote. @internal */
export function parseKey(columns: readonly KeyColumn[], text: KeyText): Key {
  return text.map((part, index) => parseValue(columns[index]?.order ?? 'output', part))
}

function parseValue(order: KeyOrder, text: string): PgValue {
  switch (order) {
    case 'native':
      return parseNative(text)
    case 'bytes':
      return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
    case 'decimal':
    case 'timestamp':
    case 'text':
    case 'collated-text':
    case 'output':
      return text
    default:
      return unreachable(order)
  }
}

function parseNative(text: string): PgValue {
  if (text === 'true' || text === 'false') return text === 'true'
  if (/^-?\d+$/.test(text)) return BigInt(text)
  return Number.isFinite(Number(text)) ? Number(text) : text
}

/** Negative, zero or positive as `left` is before, at or after `right`. @internal */
export function compareKeys(columns: readonly KeyColumn[], left: Key, right: Key): number {
  for (let index = 0; index < columns.length; index++) {
    const order = columns[index]?.order ?? 'output'
    const compared = compareValues(order, left[index] ?? null, right[index] ?? null)
    if (compared !== 0) return compared
  }
  return 0
}

function compareValues(order: KeyOrder, left: PgValue, right: PgValue): number {
  switch (order) {
    case 'native':
      return compareNative(left, right)
    case 'decimal':
      return compareDecimals(valueText(left), valueText(right))
    case 'bytes':
      return compareBytes(left, right)
    case 'timestamp':
      return compareTimestamps(valueText(left), valueText(right))
    case 'text':
    case 'collated-text':
    case 'output':
      return compareCodePoints(valueText(left), valueText(right))
    default:
      return unreachable(order)
  }
}

/**
 * Numbers and bigints mix; `NaN` and infinities are texts, and NaN is above all, as on the server.
 */
function compareNative(left: PgValue, right: PgValue): number {
  const a = comparable(left)
  const b = comparable(right)
  if (a < b) return -1
  if (a > b) return 1
  return (left === 'NaN' ? 1 : 0) - (right === 'NaN' ? 1 : 0)
}

function comparable(value: PgValue): number | bigint {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  return value === 'NaN' ? Number.POSITIVE_INFINITY : Number(value)
}

const decimalForm = /^(-?)0*(\d*)(?:\.(\d*?)0*)?$/
const specialDecimals = ['-Infinity', '', 'Infinity', 'NaN']

function compareDecimals(left: string, right: string): number {
  const a = decimalForm.exec(left)
  const b = decimalForm.exec(right)
  if (a === null || b === null) return specialRank(left, a) - specialRank(right, b)
  const leftSign = signOf(a)
  const rightSign = signOf(b)
  if (leftSign !== rightSign) return leftSign - rightSign
  return leftSign * compareMagnitudes(a, b)
}

function specialRank(text: string, match: RegExpExecArray | null): number {
  return specialDecimals.indexOf(match === null ? text : '')
}

function signOf(match: RegExpExecArray): number {
  if ((match[2] ?? '') === '' && (match[3] ?? '') === '') return 0
  return match[1] === '-' ? -1 : 1
}

function compareMagnitudes(left: RegExpExecArray, right: RegExpExecArray): number {
  const a = left[2] ?? ''
  const b = right[2] ?? ''
  if (a.length !== b.length) return a.length - b.length
  if (a !== b) return a < b ? -1 : 1
  return compareCodePoints(left[3] ?? '', right[3] ?? '')
}

function compareBytes(left: PgValue, right: PgValue): number {
  const empty = new Uint8Array()
  const a = left instanceof Uint8Array ? left : empty
  const b = right instanceof Uint8Array ? right : empty
  return Buffer.compare(a, b)
}

const yearForm = /^([+-]?\d+)-(.*)$/

function compareTimestamps(left: string, right: string): number {
  const a = yearForm.exec(left)
  const b = yearForm.exec(right)
  const years = yearOf(left, a) - yearOf(right, b)
  if (years !== 0) return years < 0 ? -1 : 1
  return compareCodePoints(a?.[2] ?? '', b?.[2] ?? '')
}

function yearOf(text: string, match: RegExpExecArray | null): number {
  if (match !== null) return Number(match[1])
  // Finite, so that two infinities compare as equal.
  return text.startsWith('-') ? -Number.MAX_VALUE : Number.MAX_VALUE
}

/**
 * JavaScript compares UTF-16 units: wrong for characters beyond the basic plane, so those are
 * mapped.
 */
function compareCodePoints(left: string, right: string): number {
  if (left === right) return 0
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a !== b) return codePointRank(a) - codePointRank(b)
  }
  return left.length - right.length
}

/** Surrogates (0xd800 to 0xdfff) go behind all other units, as their characters do in UTF-8. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit
}

/** What the server orders and compares for a key column. @internal */
function orderExpression(column: KeyColumn): string {
  const name = quoteIdentifier(column.name)
  if (column.order === 'collated-text') return `${name} COLLATE "C"`
  // The output function; a cast to text differs from it for char(n), inet and boolean.
  if (column.order === 'output') return `format('%s', ${name}) COLLATE "C"`
  return name
}

/** The `ORDER BY` list of a key. @internal */
export function orderList(columns: readonly KeyColumn[]): string {
  return columns.map(orderExpression).join(', ')
}

/** A condition such as `(a, b) >= ('1', '2')`, in the order of the key. @internal */
export function keyCondition(
  columns: readonly KeyColumn[],
  operator: '<' | '>' | '>=',
  key: KeyText,
): string {
  const values = key.map((text, index) => keyLiteral(columns[index]?.order, text))
  if (columns.length === 1) return `${orderList(columns)} ${operator} ${values.join('')}`
  return `(${orderList(columns)}) ${operator} (${values.join(', ')})`
}

function keyLiteral(order: KeyOrder | undefined, text: string): string {
  return quoteLiteral(order === 'timestamp' ? postgresYear(text) : text)
}

/** Postgres reads no expanded years: `+12024-…` is `12024-…`, `-000043-…` is `0044-… BC`. */
function postgresYear(text: string): string {
  const match = /^([+-])0*(\d+)-(.*)$/.exec(text)
  if (match === null) return text.startsWith('0000-') ? `0001-${text.slice(5)} BC` : text
  const [, sign, year, rest] = match
  if (sign === '+') return `${year}-${rest}`
  return `${String(Number(year) + 1).padStart(4, '0')}-${rest} BC`
}
