import { watermarkGenerator, type WatermarkStrategy } from '@flinkts/core'
import type { Event } from './event.ts'

/**
 * Behind each event that is newer than all before it, the watermark `ts - outOfOrdernessMs - 1`;
 * as `boundedOutOfOrderness`, but not left to the clock.
 */
export function newestWatermarks(outOfOrdernessMs: number): WatermarkStrategy<Event> {
  return watermarkGenerator(() => {
    let newest = -Infinity
    return {
      onEvent: (_event, timestamp, output) => {
        if (timestamp <= newest) return
        newest = timestamp
        output.emitWatermark(timestamp - outOfOrdernessMs - 1)
      },
    }
  })
}
