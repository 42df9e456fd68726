import { randomBelow, SeededPrng } from '@flinkts/core/testing'
import { describe, expect, test } from 'vitest'
import type { BatchFate, RequestFate } from '../support/append-log.ts'
import { recordOf } from '../support/producer-fixture.ts'
import { startProducer } from '../support/producer-run.ts'

const runCount = 150
const firstSeed = Number(process.env['FLINKTS_SEED'] ?? 1)
const recordCount = 120
const passing: readonly BatchFate[] = [
  'NOT_LEADER_OR_FOLLOWER',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'UNKNOWN_TOPIC_OR_PARTITION',
]

/** What was written by partition, and how the run ended. */
async function simulate(seed: number) {
  const prng = new SeededPrng(seed)
  const below = (limit: number): number => randomBelow(prng, limit)
  const run = startProducer(
    { batchBytesMax: 150 + below(300), bufferBytesMax: 1_000 + below(3_000), lingerMs: below(20) },
    { leaders: [0, 1, 2, 0], random: () => below(1_000) / 1_000 },
  )
  const { log, producer, scheduler } = run
  const faultPercent = below(40)
  log.latencyMs = () => below(30)
  log.requestFate = (): RequestFate => {
    if (below(100) >= faultPercent) return 'answered'
    return below(2) === 0 ? 'request-lost' : 'answer-lost'
  }
  log.batchFate = () =>
    below(100) >= faultPercent ? 'NONE' : (passing[below(passing.length)] ?? 'NONE')
  const closesAt = below(3) === 0 ? below(recordCount) : Infinity
  const written: string[][] = [[], [], [], []]
  for (let index = 0; index < recordCount; index += 1) {
    if (index === closesAt) {
      await run.ended(producer.close())
      return { log, written, closed: true }
    }
    const partition = below(4)
    await run.write(recordOf('t', `${index}`, { partition }))
    written[partition]?.push(`${index}`)
    if (below(5) === 0) log.leaders[below(4)] = below(3)
    if (below(3) === 0) await scheduler.advance(below(40))
    if (below(20) === 0) await run.ended(producer.flush())
  }
  await run.ended(producer.flush())
  return { log, written, closed: false }
}

describe('a producer among faults', () => {
  test.each(Array.from({ length: runCount }, (_, run) => firstSeed + run))(
    'has each record in the log once and in order, seed %d',
    async (seed) => {
      const { log, written, closed } = await simulate(seed)

      for (const [partition, values] of written.entries()) {
        const logged = log.values[partition] ?? []
        // What was not sent before it was closed is missing at the end, and nowhere else.
        expect(logged).toEqual(closed ? values.slice(0, logged.length) : values)
      }
    },
  )
})
