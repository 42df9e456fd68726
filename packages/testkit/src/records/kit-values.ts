import { inspect, isDeepStrictEqual } from 'node:util'
import type { JsonValue } from '../driver/connector-driver.ts'

/**
 * Values of a record, beside its text; each may be null, which is not the same as absent.
 *
 * @public
 */
export interface KitValues {
  /** A whole number of 64 bits: -2^63 to 2^63 - 1. */
  readonly bigint?: bigint | null
  /** At most 29 digits, a point and 9 more, as `numeric(38, 9)` writes it: `-0.100000000`. */
  readonly decimal?: string | null
  /** A double, `NaN` and the infinities too; no `-0`, which systems take for 0. */
  readonly double?: number | null
  /** True or false. */
  readonly boolean?: boolean | null
  /** `YYYY-MM-DD`, of the years 0001 to 9999 in the calendar of today. */
  readonly date?: string | null
  /** UTC, with six digits of the second: `1969-12-31T23:59:59.999999Z`; years as in `date`. */
  readonly timestamp?: string | null
  /** Any bytes, and any number of them. */
  readonly bytes?: Uint8Array | null
  /** An object or an array of JSON; the order of fields does not count. */
  readonly nested?: JsonValue
}

/** A kind of values. @public */
export type ValueKind = keyof KitValues

/** The values of a record: those of neighbours are others, and all cases come in turn. @internal */
export function valuesAt(place: number, kinds: readonly ValueKind[]): KitValues {
  return Object.fromEntries(
    kinds.map((kind, index) => {
      const own: readonly KitValues[ValueKind][] = cases[kind]
      return [kind, own[(place + index) % own.length]]
    }),
  )
}

/**
 * The first value that differs, in words: `bigint 9007199254740993n came as 9007199254740992n`.
 * Kinds that were not expected do not count.
 *
 * @internal
 */
export function differenceOf(expected: KitValues = {}, found: KitValues = {}): string | undefined {
  for (const kind of valueKinds) {
    if (!(kind in expected) || sameValue(expected[kind], found[kind])) continue
    return `${kind} ${shown(expected[kind])} came as ${shown(found[kind])}`
  }
  return undefined
}

function sameValue(left: unknown, right: unknown): boolean {
  if (!(left instanceof Uint8Array)) return isDeepStrictEqual(left, right)
  // Whether it is a `Buffer` does not count.
  return right instanceof Uint8Array && Buffer.compare(left, right) === 0
}

const shownMax = 60

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  const bytes = value instanceof Uint8Array
  const text = bytes
    ? `0x${Buffer.from(value).toString('hex')}`
    : inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 8 })
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
}

const int64Max = 2n ** 63n - 1n
const exactMax = BigInt(Number.MAX_SAFE_INTEGER)

/** What connectors stumble over. */
const cases: {
  readonly [Kind in ValueKind]-?: readonly Exclude<KitValues[Kind], undefined>[]
} = {
  bigint: [
    null,
    0n,
    -1n,
    2n ** 31n,
    exactMax,
    exactMax + 2n,
    -exactMax - 2n,
    10n ** 17n + 1n,
    int64Max,
    -int64Max - 1n,
  ],
  decimal: [
    null,
    '0.000000000',
    '1.100000000',
    '-0.000000001',
    '0.100000000',
    '9007199254740993.000000000',
    '12345678901234567890123456789.123456789',
    '-99999999999999999999999999999.999999999',
  ],
  double: [
    null,
    0,
    0.1,
    -1.5,
    5e-324,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    2 ** 53,
    1e21,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ],
  boolean: [null, true, false],
  date: [
    null,
    '1970-01-01',
    '1969-12-31',
    '2024-02-29',
    '1900-02-28',
    // Between the calendars: there was no such day, and in every system there is one.
    '1582-10-10',
    '0001-01-01',
    '9999-12-31',
  ],
  timestamp: [
    null,
    '1970-01-01T00:00:00.000000Z',
    '1969-12-31T23:59:59.999999Z',
    '2024-02-29T07:08:09.123456Z',
    '2024-02-29T07:08:09.000001Z',
    // The hour that clocks in Europe go through twice, and the one that they leave out.
    '2024-10-27T00:30:00.500000Z',
    '2024-03-31T02:30:00.000010Z',
    '1582-10-10T12:00:00.100000Z',
    '0001-01-01T00:00:00.000000Z',
    '9999-12-31T23:59:59.999999Z',
  ],
  bytes: [
    null,
    new Uint8Array(),
    Uint8Array.of(0),
    Uint8Array.of(0x00, 0xff, 0x5c, 0x0a, 0x0d, 0x09, 0x22, 0x27),
    Uint8Array.of(0xc3, 0x28, 0xef, 0xbb, 0xbf),
    Uint8Array.from({ length: 256 }, (_, index) => index),
  ],
  nested: [
    null,
    {},
    [],
    { empty: {}, list: [], nothing: null },
    [null, true, 'text', 0.1, -1, Number.MAX_SAFE_INTEGER],
    { '': 'no name', 'a b': ["it's", '"', '\\', '\n', '漢🙂'], 'a.b': { c: [[{ d: null }]] } },
    [[], [[]], [{}], '', '{}', '[1]', 'null', '2024-02-29T07:08:09.123456Z'],
  ],
}

/** All kinds, in order. @internal */
export const valueKinds = Object.keys(cases) as readonly ValueKind[]
