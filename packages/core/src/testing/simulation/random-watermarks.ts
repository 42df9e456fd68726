import { assert } from '../../common/assert.ts'
import { type Prng, randomBelow } from '../../common/prng.ts'
import {
  boundedOutOfOrderness,
  watermarkGenerator,
  type WatermarkStrategy,
} from '../../time/watermark-strategy.ts'
import { noWatermark } from '../../time/watermark.ts'
import type { SimulatedRecord } from './simulated-log.ts'

/** How far timestamps are out of order, in milliseconds of event time. */
const disorderMs = 20

/** A strategy for a source of a random job, maybe with idleness and alignment. @internal */
export function randomWatermarks(prng: Prng): WatermarkStrategy<SimulatedRecord> {
  const inOrder = randomBelow(prng, 2) === 0
  const timed = inOrder ? everyRecord : outOfOrder
  const idling = randomBelow(prng, 2) === 0 ? timed.withIdleness(1 + randomBelow(prng, 40)) : timed
  if (randomBelow(prng, 2) === 0) return idling
  const driftMs = randomBelow(prng, 3 * disorderMs)
  return idling.withAlignment('aligned', driftMs, 5 + randomBelow(prng, 20))
}

/**
 * For the order of the log, at every record; a record that is not beyond the watermark of its split
 * is a defect of the engine, or of the reader.
 */
const everyRecord = watermarkGenerator<SimulatedRecord>(() => {
  let watermark = noWatermark
  return {
    onEvent: (_record, timestamp, output) => {
      assert(timestamp > watermark, 'a split is read in order, paused or not')
      watermark = timestamp
      output.emitWatermark(timestamp)
    },
  }
}).withTimestamps(({ index }) => 10 * index)

const outOfOrder = boundedOutOfOrderness<SimulatedRecord>(disorderMs).withTimestamps(
  ({ index, key }) => 10 * index + ((7 * key) % disorderMs),
)
