import { boundedOutOfOrderness, defineJob, valueState } from '@flinkts/core'
import { collectionSource, collectSink, runTestJob } from '@flinkts/core/testing'
import { expect, test } from 'vitest'

interface Reading {
  readonly sensor: string
  readonly at: number
  readonly value: number
}

const readings: readonly Reading[] = [
  { sensor: 'hall', at: 1000, value: 19 },
  { sensor: 'hall', at: 3000, value: 23 },
  { sensor: 'hall', at: 2000, value: 21 },
]

/** Readings come at most two seconds late; a split that is silent for a minute is not awaited. */
const watermarks = boundedOutOfOrderness<Reading>(2000)
  .withTimestamps((reading) => reading.at)
  .withIdleness(60_000)

test('gives the highest value of a sensor in the first five seconds', async () => {
  const results = collectSink<string>()
  const job = defineJob('readings', {}, (env) => {
    env
      .source('readings', collectionSource(readings), { watermarks })
      .keyBy((reading) => reading.sensor)
      .process('highest', {
        state: { highest: valueState<number>() },
        process({ value }, { highest }, { timers }) {
          highest.set(Math.max(value, highest.get() ?? value))
          timers.registerEventTime(5000)
          return []
        },
        onTimer: (_at, { highest }, { key }) => [`${key}: ${highest.get()}`],
      })
      .sinkTo('out', results)
  })

  await runTestJob(job)

  expect(results.values).toEqual(['hall: 23'])
})
