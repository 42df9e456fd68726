import type { Row } from '../records/change.ts'
import type { Filled } from '../options.ts'
import type { LookupCacheOptions } from './options.ts'

interface Entry {
  readonly rows: readonly Row[]
  /** The monotonic time from which it is too old. */
  readonly endMs: number
}

/**
 * What was found of keys, the ones asked for last: `keysMax` of them. Runs on the task's thread.
 *
 * @internal
 */
export class LookupCache {
  readonly #options: Filled<LookupCacheOptions>
  /** In the order in which they were asked for, the oldest first. */
  readonly #entries = new Map<string, Entry>()

  constructor(options: Filled<LookupCacheOptions>) {
    this.#options = options
  }

  get size(): number {
    return this.#entries.size
  }

  /** Undefined: it is not known, or what is known is too old. */
  get(key: string, nowMs: number): readonly Row[] | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.endMs <= nowMs) return undefined
    this.#entries.set(key, entry)
    return entry.rows
  }

  /** @param askedMs - The monotonic time at which the query was sent. */
  set(key: string, rows: readonly Row[], askedMs: number): void {
    const { keysMax, ttlMs, absentTtlMs } = this.#options
    const lifeMs = rows.length === 0 ? absentTtlMs : ttlMs
    this.#entries.delete(key)
    if (lifeMs === 0) return
    this.#entries.set(key, { rows, endMs: askedMs + lifeMs })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > keysMax && oldest !== undefined) this.#entries.delete(oldest)
  }
}
