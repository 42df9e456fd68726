import { assert } from '../common/assert.ts'
import { noWatermark } from './watermark.ts'

interface Partial {
  watermark: number
  idle: boolean
}

/**
 * The watermark of several splits in one source: the minimum over those that are not idle; never
 * goes back; idle when all are. A split that is removed no longer counts. (Flink:
 * CombinedWatermarkStatus. Unlike the valve between tasks, it does not release the maximum when the
 * last split turns idle.)
 *
 * @internal
 */
export class CombinedWatermark {
  readonly #partials = new Map<string, Partial>()
  #watermark = noWatermark
  #idle = false

  /** The combined watermark; only grows. */
  get watermark(): number {
    return this.#watermark
  }

  /** Whether there are splits and all of them are idle. */
  get idle(): boolean {
    return this.#idle
  }

  add(splitId: string): void {
    assert(!this.#partials.has(splitId), 'a split has one output')
    this.#partials.set(splitId, { watermark: noWatermark, idle: false })
    this.#update()
  }

  remove(splitId: string): void {
    this.#partials.delete(splitId)
    this.#update()
  }

  /** Advances a split; it is no longer idle. A watermark that goes back is ignored. */
  advance(splitId: string, watermark: number): void {
    const partial = this.#partials.get(splitId)
    if (partial === undefined) return
    partial.idle = false
    partial.watermark = Math.max(partial.watermark, watermark)
    this.#update()
  }

  setIdle(splitId: string, idle: boolean): void {
    const partial = this.#partials.get(splitId)
    if (partial === undefined || partial.idle === idle) return
    partial.idle = idle
    this.#update()
  }

  #update(): void {
    let minimum = Infinity
    let active = 0
    for (const partial of this.#partials.values()) {
      if (partial.idle) continue
      active += 1
      minimum = Math.min(minimum, partial.watermark)
    }
    this.#idle = active === 0 && this.#partials.size > 0
    if (active > 0 && minimum > this.#watermark) this.#watermark = minimum
  }
}
