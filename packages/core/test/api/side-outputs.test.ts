import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { outputTag } from '../../src/common/output-tag.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'
import { watermarkGenerator } from '../../src/time/watermark-strategy.ts'
import { tumblingEventTimeWindows } from '../../src/index.ts'

interface Reading {
  readonly at: number
}

const readings: readonly Reading[] = [1, 4, 11, 15, 32].map((at) => ({ at }))
const odd = outputTag<Reading>('odd')

const everyEvent = watermarkGenerator<Reading>(() => ({
  onEvent: (_reading, timestamp, output) => output.emitWatermark(timestamp - 1),
})).withTimestamps(({ at }) => at)

/** Emits odd readings to the side output, each reading with its time. */
function sortingSource() {
  const plain = collectionSource(readings)
  const sorting: typeof plain = {
    ...plain,
    sideOutputs: [odd],
    createEnumerator: (...given) => plain.createEnumerator(...given),
    createReader: (context) => {
      const reader = plain.createReader(context)
      return {
        start: () => reader.start(),
        available: () => reader.available(),
        addSplits: (splits) => reader.addSplits(splits),
        notifyNoMoreSplits: () => reader.notifyNoMoreSplits(),
        snapshotState: (checkpointId) => reader.snapshotState(checkpointId),
        close: () => reader.close(),
        pollNext: (output) =>
          reader.pollNext({
            releaseSplit: (splitId) => output.releaseSplit(splitId),
            forSplit: (splitId) => {
              const split = output.forSplit(splitId)
              return {
                ...split,
                collect: (reading, timestamp) =>
                  reading.at % 2 === 0
                    ? split.collect(reading, timestamp)
                    : split.collectSide(odd, reading, timestamp),
              }
            },
          }),
      }
    },
  }
  return sorting
}

describe('a side output of a source', () => {
  test.each([
    ['chained', 1],
    ['in other subtasks', 2],
  ])('has its records once, and so has the main output, %s', async (_, parallelism) => {
    const even = collectSink<Reading>()
    const others = collectSink<Reading>()
    const job = defineJob('sides', {}, (env) => {
      const main = env.source('readings', sortingSource())
      main.sinkTo('even', even)
      main.sideOutput(odd).sinkTo('others', others, { parallelism })
    })

    await runTestJob(job)

    expect(even.values).toEqual([{ at: 4 }, { at: 32 }])
    expect(others.values.toSorted((one, other) => one.at - other.at)).toEqual([
      { at: 1 },
      { at: 11 },
      { at: 15 },
    ])
  })

  test('must be read: what it holds would be lost', () => {
    const define = (): unknown =>
      defineJob('sides', {}, (env) => {
        const main = env.source('readings', sortingSource())
        main.sinkTo('even', collectSink())
        main
          .map((reading) => reading)
          .sideOutput(odd)
          .sinkTo('others', collectSink())
      })

    expect(define).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_JOB_INVALID',
        message:
          'source "readings" of job "sides" emits to the side output "odd", which nothing reads',
      }),
    )
  })
})

describe('a side output', () => {
  test.each([
    ['chained', false],
    ['behind an exchange', true],
  ])('has the event time of its operator: windows over it fire, %s', async (_, exchanged) => {
    const even = collectSink<number>()
    const summed = collectSink<Reading>()
    const job = defineJob('sides', {}, (env) => {
      const main = env
        .source('readings', collectionSource(readings), { watermarks: everyEvent })
        .keyBy(() => 'all')
        .process('split', {
          state: {},
          process: (reading, _state, context) => {
            if (reading.at % 2 === 0) return [reading.at]
            context.output(odd, reading)
            return []
          },
        })
      main.sinkTo('even', even)
      const side = exchanged ? main.sideOutput(odd).rebalance() : main.sideOutput(odd)
      side
        .keyBy(() => 'all')
        .window(tumblingEventTimeWindows(10))
        .reduce('sum', (one, other) => ({ at: one.at + other.at }))
        .sinkTo('summed', summed)
    })

    await runTestJob(job)

    expect(even.values).toEqual([4, 32])
    expect(summed.values).toEqual([{ at: 1 }, { at: 26 }])
  })
})
