import { describe, expect, test } from 'vitest'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import { planOf } from '../../src/api/start-job.ts'
import { defaultChannelLimits } from '../../src/network/channel.ts'
import { defaultSliceLimits } from '../../src/state/keyed-snapshot.ts'
import { defaultTaskLimits } from '../../src/task/stream-task.ts'
import { loadGraph } from '../../src/threads/thread-job.ts'
import type { ThreadInit } from '../../src/threads/thread-protocol.ts'
import { sinkOf, sourceOf } from '../api/fixtures.ts'

function jobOf(sinkId: string): JobDefinition {
  return defineJob('loaded', {}, (env) => {
    env.source('in', sourceOf<number>()).sinkTo(sinkId, sinkOf<number>())
  })
}

const job = jobOf('out')

const init: ThreadInit = {
  thread: 0,
  threadCount: 1,
  module: 'file:///job.ts',
  parallelism: 2,
  deployment: {
    plan: planOf(job, { parallelism: 2 }),
    jobId: 'id',
    attempt: 1,
    restored: new Map(),
  },
  rings: [],
  bells: new SharedArrayBuffer(4),
  heapMibMax: undefined,
  storageLocation: '/',
  channelLimits: defaultChannelLimits,
  taskLimits: defaultTaskLimits,
  sliceLimits: defaultSliceLimits,
}

describe('the job of a thread', () => {
  test('is what its module exports by default, planned as for the run', async () => {
    const graph = await loadGraph(init, () => Promise.resolve({ default: job }))

    expect(graph).toBe(job.graph)
  })

  test.each([
    ['does not export a job by default', { job }],
    ['does not export a job by default', undefined],
    ['defines another job in a thread than the job "loaded" that runs', { default: jobOf('x') }],
  ])('is refused if the module %s', async (problem, exported) => {
    await expect(loadGraph(init, () => Promise.resolve(exported))).rejects.toMatchObject({
      code: 'FLINKTS_THREAD_MODULE_INVALID',
      message: `the module "file:///job.ts" ${problem}`,
    })
  })

  test('is refused with the cause if the module throws', async () => {
    const cause = new TypeError('no such thing')

    await expect(loadGraph(init, () => Promise.reject(cause))).rejects.toMatchObject({
      code: 'FLINKTS_THREAD_MODULE_INVALID',
      message: 'the module "file:///job.ts" cannot be loaded in a thread',
      cause,
    })
  })
})
