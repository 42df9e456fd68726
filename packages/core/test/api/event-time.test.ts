import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import type { StreamEnvironment } from '../../src/api/stream-environment.ts'
import { FlinktsError } from '../../src/common/errors.ts'
import {
  ingestionTime,
  monotonousTimestamps,
  watermarkGenerator,
} from '../../src/time/watermark-strategy.ts'
import { collectSink, type CollectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'

interface Click {
  readonly at: number
}

const clicks: readonly Click[] = [10, 30, 20, 50].map((at) => ({ at }))

/** Every record advances event time to a millisecond before the greatest so far. */
const everyEvent = watermarkGenerator<Click>(() => ({
  onEvent: (_click, timestamp, output) => output.emitWatermark(timestamp - 1),
})).withTimestamps((click) => click.at)

/** The records with their event time, and the watermark before them. */
async function seenBy(
  define: (env: StreamEnvironment<'exactly-once'>, committed: CollectSink<string>) => void,
): Promise<readonly string[]> {
  const committed = collectSink<string>()
  await runTestJob(defineJob('clicks', {}, (env) => define(env, committed)))
  return committed.values
}

describe('event time in a job', () => {
  test('is what the strategy of the source says', async () => {
    const seen = await seenBy((env, committed) => {
      env
        .source('clicks', collectionSource(clicks), { watermarks: everyEvent })
        .keyBy(() => 'all')
        .process('seen', {
          state: {},
          process: ({ at }, _state, { timestamp, watermark }) => [
            `${at} at ${timestamp} behind ${watermark}`,
          ],
        })
        .sinkTo('out', committed)
    })

    expect(seen).toEqual([
      '10 at 10 behind -Infinity',
      '30 at 30 behind 9',
      '20 at 20 behind 29',
      '50 at 50 behind 29',
    ])
  })

  test('is what a strategy in the middle of the job says', async () => {
    const seen = await seenBy((env, committed) => {
      env
        .source('clicks', collectionSource(clicks))
        .assignTimestampsAndWatermarks(everyEvent)
        .keyBy(() => 'all')
        .process('seen', {
          state: {},
          process: (_click, _state, { timestamp, watermark, timers }) => {
            timers.registerEventTime(25)
            return [`at ${timestamp} behind ${watermark}`]
          },
          onTimer: (at) => [`timer ${at}`],
        })
        .sinkTo('out', committed)
    })

    expect(seen).toEqual([
      'at 10 behind -Infinity',
      'at 30 behind 9',
      'timer 25',
      'at 20 behind 29',
      'at 50 behind 29',
      'timer 25',
    ])
  })

  test.each([
    ['ingestion time', ingestionTime<Click>()],
    ['an alignment group', monotonousTimestamps<Click>().withAlignment('group', 1)],
  ])('is refused in the middle of a job with %s', (what, strategy) => {
    expect(() =>
      defineJob('clicks', {}, (env) => {
        env
          .source('clicks', collectionSource(clicks))
          .assignTimestampsAndWatermarks(strategy)
          .sinkTo('out', collectSink())
      }),
    ).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_OPTION_INVALID',
        message: `assignTimestampsAndWatermarks of job "clicks" got ${what}`,
      }),
    )
  })

  test('is refused by anything but a strategy', () => {
    const define = (atSource: boolean) => () =>
      defineJob('clicks', {}, (env) => {
        const no = { maxOutOfOrdernessMs: 5 } as never
        const options = atSource ? { watermarks: no } : {}
        const stream = env.source('clicks', collectionSource(clicks), options)
        if (!atSource) stream.assignTimestampsAndWatermarks(no)
      })

    expect(define(true)).toThrow('option "watermarks" of source "clicks" is no watermark strategy')
    expect(define(false)).toThrow(FlinktsError)
  })

  test('is refused with an interval that is none', () => {
    expect(() => defineJob('clicks', { autoWatermarkIntervalMs: 0 }, () => {})).toThrow(
      'option "autoWatermarkIntervalMs" of job "clicks" is 0',
    )
  })

  test('stops a job whose records have none', async () => {
    const job = defineJob('clicks', {}, (env) => {
      env
        .source('clicks', collectionSource(clicks), { watermarks: monotonousTimestamps() })
        .sinkTo('out', collectSink())
    })

    const ended = runTestJob(job)

    await expect(ended).rejects.toMatchObject({ code: 'FLINKTS_TIMESTAMP_MISSING' })
  })
})
