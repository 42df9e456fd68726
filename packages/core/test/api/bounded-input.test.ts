import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { globalWindows } from '../../src/operators/window/global-windows.ts'
import { sessionEventTimeWindows } from '../../src/operators/window/session-windows.ts'
import { endOfStreamTrigger } from '../../src/operators/window/time-triggers.ts'
import { tumblingEventTimeWindows } from '../../src/operators/window/aligned-windows.ts'
import type { WindowAssigner } from '../../src/operators/window/window-assigner.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'

interface Reading {
  readonly sensor: string
  readonly at: number
}

/** Half of them come behind later ones. */
const readings: readonly Reading[] = Array.from({ length: 60 }, (_, index) => ({
  sensor: `s${index % 3}`,
  at: (index % 2 === 0 ? index : index - 9) * 5 + 100,
}))

/** Counts readings in windows; `watermarks`: whether event time advances before the input ends. */
async function counts(
  assigner: WindowAssigner<Reading>,
  { watermarks }: { readonly watermarks: boolean },
): Promise<readonly string[]> {
  const results = collectSink<string>()
  const source = collectionSource(readings, {
    timestamps: ({ at }) => at,
    watermarks: ({ at }) => (watermarks ? at : undefined),
  })
  const job = defineJob('counts', {}, (env) => {
    env
      .source('readings', source)
      .keyBy(({ sensor }) => sensor)
      .window(assigner)
      .allowedLateness(1000)
      .process('count', {
        process: ({ key, window }, values) => [`${key} from ${window.start}: ${values.length}`],
      })
      .sinkTo('out', results)
  })
  await runTestJob(job)
  return results.values
}

const windowOf = (result: string): string => result.split(':', 1)[0] ?? ''

test('without watermarks, bounded input gives for each window its final result only', async () => {
  const assigner = tumblingEventTimeWindows(50)

  const streamed = await counts(assigner, { watermarks: true })
  const final = await counts(assigner, { watermarks: false })

  const last = new Map(streamed.map((result) => [windowOf(result), result]))
  expect(streamed.length).toBeGreaterThan(final.length)
  expect(final.toSorted()).toEqual([...last.values()].toSorted())
  expect(new Set(final.map(windowOf)).size).toBe(final.length)
})

test('it does for sessions, which no later record can make longer', async () => {
  const final = await counts(sessionEventTimeWindows(1000), { watermarks: false })

  expect(final.toSorted()).toEqual(['s0 from 70: 20', 's1 from 60: 20', 's2 from 80: 20'])
})

test('a window of all time gives what a rolling aggregate comes to', async () => {
  const results = collectSink<Reading>()
  const job = defineJob('last', {}, (env) => {
    env
      .source('readings', collectionSource(readings))
      .keyBy(({ sensor }) => sensor)
      .window(globalWindows())
      .trigger(endOfStreamTrigger())
      .reduce('latest', (one, other) => (one.at > other.at ? one : other))
      .sinkTo('out', results)
  })

  await runTestJob(job)

  expect(results.values.map(({ sensor }) => sensor).toSorted()).toEqual(['s0', 's1', 's2'])
})
