/**
 * The records of one side of a join for one key, in the order of their timestamps, and of their
 * arrival. Parallel arrays, and plain data: it is kept in state as it is.
 *
 * @internal
 */
export interface JoinBuffer {
  readonly timestamps: number[]
  readonly values: unknown[]
}

/** @internal */
export function createJoinBuffer(): JoinBuffer {
  return { timestamps: [], values: [] }
}

/** Records come mostly in order: then it is appended. @internal */
export function insert(
  { timestamps, values }: JoinBuffer,
  value: unknown,
  timestamp: number,
): void {
  const last = timestamps.at(-1)
  if (last === undefined || timestamp >= last) {
    timestamps.push(timestamp)
    values.push(value)
    return
  }
  const at = countUpTo(timestamps, 0, timestamp, true)
  timestamps.splice(at, 0, timestamp)
  values.splice(at, 0, value)
}

/** The index of the first record from `timestamp` on; behind the last if none is. @internal */
export function firstAt({ timestamps }: JoinBuffer, timestamp: number): number {
  return countUpTo(timestamps, 0, timestamp, false)
}

/**
 * Removes the records whose timestamp is `retainMs` or more before `until`. @returns how many.
 * @internal
 */
export function removeUpTo(buffer: JoinBuffer, retainMs: number, until: number): number {
  const { timestamps, values } = buffer
  const count = countUpTo(timestamps, retainMs, until, true)
  if (count === 0) return 0
  timestamps.copyWithin(0, count)
  timestamps.length -= count
  values.copyWithin(0, count)
  values.length -= count
  return count
}

/** How many of the sorted `timestamps` are, `laterMs` later, before `until` (or `inclusive`). */
function countUpTo(
  timestamps: readonly number[],
  laterMs: number,
  until: number,
  inclusive: boolean,
): number {
  let low = 0
  let high = timestamps.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const timestamp = (timestamps[middle] as number) + laterMs
    if (timestamp < until || (inclusive && timestamp === until)) low = middle + 1
    else high = middle
  }
  return low
}
