import type { Clock } from '../common/clock.ts'
import type { MetricGroup } from '../common/metrics.ts'
import { noWatermark } from '../time/watermark.ts'

/**
 * `currentWatermark`, and how far it is behind the clock: `watermarkLag`, in milliseconds. There
 * from the first watermark on; the end of time is none. Runs on the task's thread.
 *
 * @internal
 */
export class WatermarkMetrics {
  readonly #clock: Clock
  readonly #group: MetricGroup
  #watermark = noWatermark

  constructor(clock: Clock, group: MetricGroup) {
    this.#clock = clock
    this.#group = group
  }

  advanced(watermark: number): void {
    if (!Number.isFinite(watermark)) return
    const first = this.#watermark === noWatermark
    this.#watermark = watermark
    if (!first) return
    this.#group.gauge('currentWatermark', () => this.#watermark)
    this.#group.gauge('watermarkLag', () => this.#clock.now() - this.#watermark)
  }
}
