import { assert } from '../common/assert.ts'
import { endOfTime, noWatermark } from './watermark.ts'

interface Partial {
  watermark: number
  idle: boolean
}

/**
 * The watermark of several parts, which are the splits of a source or the two inputs of an
 * operator: the minimum over those that are not idle; never goes back; idle when all are. A part
 * that is removed, or has come to the end of time, no longer counts; when all have come to it, so
 * has the whole. So time does not end while a part is only idle. (Flink: CombinedWatermarkStatus,
 * but for the end of time. Unlike the valve between tasks, it does not release the maximum when the
 * last part turns idle.)
 *
 * @internal
 */
export class CombinedWatermark<PartId extends string | number = string> {
  readonly #partials = new Map<PartId, Partial>()
  #watermark = noWatermark
  #idle = false

  /** The combined watermark; only grows. */
  get watermark(): number {
    return this.#watermark
  }

  /** Whether all parts that have not come to their end are idle, and there is one. */
  get idle(): boolean {
    return this.#idle
  }

  add(partId: PartId): void {
    assert(!this.#partials.has(partId), 'a part is added once')
    this.#partials.set(partId, { watermark: noWatermark, idle: false })
    this.#update()
  }

  remove(partId: PartId): void {
    this.#partials.delete(partId)
    this.#update()
  }

  /** Advances a part; it is no longer idle. A watermark that goes back is ignored. */
  advance(partId: PartId, watermark: number): void {
    const partial = this.#partials.get(partId)
    if (partial === undefined) return
    partial.idle = false
    partial.watermark = Math.max(partial.watermark, watermark)
    this.#update()
  }

  setIdle(partId: PartId, idle: boolean): void {
    const partial = this.#partials.get(partId)
    if (partial === undefined || partial.idle === idle) return
    partial.idle = idle
    this.#update()
  }

  #update(): void {
    let minimum = endOfTime
    let active = 0
    let idle = 0
    for (const partial of this.#partials.values()) {
      if (partial.watermark === endOfTime) continue
      if (partial.idle) {
        idle += 1
        continue
      }
      active += 1
      minimum = Math.min(minimum, partial.watermark)
    }
    this.#idle = active === 0 && idle > 0
    const known = active > 0 || (idle === 0 && this.#partials.size > 0)
    if (known && minimum > this.#watermark) this.#watermark = minimum
  }
}
