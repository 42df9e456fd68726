import type { Reduction } from './reduce.ts'

/** Values that have an order. Numbers: NaN comes after all others, as in Java. @public */
export type Comparable = number | bigint | string | Date

type Fields = Readonly<Record<string, unknown>>
type Selector = (value: unknown) => unknown

/** To the first record, with the sum of all in `field`. @internal */
export function sumOf(field: string): Reduction {
  const select = selectorOf(field)
  return {
    checkFirst: (value) => void sum(field, select(value), select(value)),
    reduce: (reduced, value) => {
      const total = sum(field, select(reduced), select(value))
      return { ...(reduced as Fields), [field]: total }
    },
  }
}

/**
 * To the first record, with the smallest (-1) or greatest (1) value of all in `field`.
 * @internal
 */
export function extremeOf(field: string, sign: -1 | 1): Reduction {
  const select = selectorOf(field)
  return {
    checkFirst: (value) => void compare(select(value), select(value)),
    reduce: (reduced, value) => {
      const candidate = select(value)
      const better = sign * compare(candidate, select(reduced)) > 0
      return better ? { ...(reduced as Fields), [field]: candidate } : reduced
    },
  }
}

/**
 * To the first record of those with the smallest (-1) or greatest (1) of what is selected.
 * @internal
 */
export function extremeBy(by: string | Selector, sign: -1 | 1): Reduction {
  const select = typeof by === 'string' ? selectorOf(by) : by
  return {
    checkFirst: (value) => void compare(select(value), select(value)),
    reduce: (reduced, value) =>
      sign * compare(select(value), select(reduced)) > 0 ? value : reduced,
  }
}

function selectorOf(field: string): Selector {
  return (value) => (value as Fields)[field]
}

/** The sum. */
function sum(field: string, left: unknown, right: unknown): number | bigint {
  if (typeof left === 'number' && typeof right === 'number') return left + right
  if (typeof left === 'bigint' && typeof right === 'bigint') return left + right
  const kinds = left === right ? kindOf(left) : `${kindOf(left)} and ${kindOf(right)}`
  throw new TypeError(`field "${field}" cannot be summed, it holds ${kinds}`)
}

/** Below 0: `left` comes first; 0: they are equal. */
function compare(left: unknown, right: unknown): number {
  const kind = kindOf(left)
  if (kind !== kindOf(right) || !comparableKinds.includes(kind)) {
    throw new TypeError(`${kind} and ${kindOf(right)} have no order`)
  }
  const [first, second] = [left as number, right as number]
  if (first < second) return -1
  if (first > second) return 1
  return Number(isUnordered(left)) - Number(isUnordered(right))
}

/** NaN, and a date that is none. */
function isUnordered(value: unknown): boolean {
  return Number.isNaN(value instanceof Date ? value.getTime() : value)
}

const comparableKinds: readonly string[] = ['number', 'bigint', 'string', 'Date']

function kindOf(value: unknown): string {
  return value instanceof Date ? 'Date' : typeof value
}
