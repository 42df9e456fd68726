import { expect, test } from 'vitest'
import type { LogFields, Logger } from '../../src/common/logger.ts'
import type { ConnectorContext } from '../../src/connector/context.ts'
import { defineJob } from '../../src/api/define-job.ts'
import { logLeftBehind } from '../../src/scheduler/left-behind.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'
import { contextOf } from '../operators/fixtures.ts'

const locks = {
  severity: 'warning',
  code: 'locks',
  message: 'locks are held',
  hint: 'end them',
} as const

test('what sinks leave behind is logged, also if one of them cannot tell', async () => {
  const lines: [string, LogFields | undefined][] = []
  const warn: Logger['warn'] = (message, fields) => void lines.push([message, fields])
  const contextFor = (operatorId: string): ConnectorContext => {
    const context = contextOf(operatorId, new ManualScheduler())
    return { ...context, logger: { ...context.logger, warn } }
  }
  const cause = new Error('no server')
  const [silent, lost, left] = [collectSink(), collectSink(), collectSink()]
  lost.leftBehind = () => Promise.reject(cause)
  left.leftBehind = () => Promise.resolve([locks])

  await logLeftBehind(new Map(Object.entries({ silent, lost, left })), contextFor)

  expect(lines).toEqual([
    ['what the sink has left behind is not known', { cause }],
    ['locks are held', { hint: 'end them' }],
  ])
})

test('sinks are asked when a job has failed for good, and not before', async () => {
  const asked: number[] = []
  const sink = collectSink<number>()
  sink.leftBehind = ({ attempt }) => {
    asked.push(attempt)
    return Promise.resolve([])
  }
  const job = defineJob(
    'failing',
    { restart: { type: 'fixed-delay', attemptsMax: 2, delayMs: 1 } },
    (env) => {
      env
        .source('numbers', collectionSource([1]))
        .map(() => {
          throw new Error('always')
        })
        .sinkTo('out', sink)
    },
  )

  await expect(runTestJob(job)).rejects.toThrow('always')

  expect(asked).toEqual([3])
})
