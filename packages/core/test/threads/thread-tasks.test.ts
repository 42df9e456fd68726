import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { explainJob } from '../../src/api/explain-job.ts'
import { sinkOf, sourceOf } from '../api/fixtures.ts'

const job = defineJob('threads', { parallelism: 3 }, (env) => {
  env
    .source('in', sourceOf<number>())
    .keyBy((value) => value)
    .process('same', { state: {}, process: (value) => [value] })
    .sinkTo('out', sinkOf<number>())
})

describe('the threads of a job', () => {
  test('are explained with the tasks that each runs: subtasks of the same index', () => {
    const { threads } = explainJob(job, { threads: 2 })

    expect(threads.map(({ tasks }) => tasks.filter((task) => task.startsWith('in')))).toEqual([
      ['in-0', 'in-2'],
      ['in-1'],
    ])
  })

  test('are no more than there are subtasks, and none by default', () => {
    expect(explainJob(job, { threads: 9 }).threads).toHaveLength(3)
    expect(explainJob(job).threads).toEqual([])
  })

  test.each([-1, 1.5, 257])('are not %d', (threads) => {
    expect(() => explainJob(job, { threads })).toThrow(
      expect.objectContaining({ code: 'FLINKTS_OPTION_INVALID' }) as Error,
    )
  })
})
