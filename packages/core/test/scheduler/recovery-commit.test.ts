import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import type { CommitOutcome } from '../../src/connector/committer.ts'
import type { Sink } from '../../src/connector/sink.ts'
import { commitRestored } from '../../src/scheduler/recovery-commit.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { contextOf } from '../operators/fixtures.ts'
import { committableOf, manifestOf, subtaskOf } from './fixtures.ts'

const files = {
  operatorId: 'files',
  kind: 'sink',
  parallelism: 2,
  subtasks: [
    subtaskOf('files', 0, { committables: [committableOf(3, 'c'), committableOf(4, 'd')] }),
    subtaskOf('files', 1, { committables: [committableOf(2, 'b'), committableOf(4, 'e')] }),
  ],
} as const
const plain = { operatorId: 'plain', kind: 'sink', parallelism: 1, subtasks: [] } as const

function sinkOf(log: string[], commit: (committable: string) => CommitOutcome): Sink<unknown> {
  return {
    description: 'test',
    guarantee: 'exactly-once',
    mechanism: 'none',
    committableSerializer: {
      version: 1,
      serialize: () => new Uint8Array(),
      deserialize: (version, bytes) => `${new TextDecoder().decode(bytes)} v${version}`,
    },
    createWriter: () => Promise.reject(new Error('no writer while commits are made')),
    createCommitter: ({ operatorId }) => {
      log.push(`create ${operatorId}`)
      return Promise.resolve({
        commit: (committable) => {
          log.push(String(committable))
          return Promise.resolve(commit(String(committable)))
        },
        close: () => {
          log.push('close')
          return Promise.resolve()
        },
      })
    },
  }
}

function partsOf(
  sinks: Record<string, Sink<unknown>>,
  scheduler: ManualScheduler = new ManualScheduler(),
): Parameters<typeof commitRestored>[1] & { abort: AbortController } {
  const abort = new AbortController()
  return {
    sinks: new Map(Object.entries(sinks)),
    contextOf: (operatorId) => contextOf(operatorId, scheduler),
    signal: abort.signal,
    abort,
  }
}

describe('the commit of a restored checkpoint', () => {
  // In Flink the committers of the restored tasks commit, which may be others than before. Here all
  // is committed before there is a task, so it does not matter how many subtasks the job has now.
  test('C39, I3: commits what all subtasks had prepared, in the order of checkpoints', async () => {
    const log: string[] = []
    const parts = partsOf({ files: sinkOf(log, () => ({ status: 'committed' })) })

    const count = await commitRestored(manifestOf([plain, files]), parts)

    expect(count).toBe(4)
    expect(log).toEqual(['create files', 'b v1', 'c v1', 'd v1', 'e v1', 'close'])
  })

  test('I4: takes what was committed before for done', async () => {
    const log: string[] = []
    const parts = partsOf({ files: sinkOf(log, () => ({ status: 'already-committed' })) })

    await commitRestored(manifestOf([files]), parts)
    const again = await commitRestored(manifestOf([files]), parts)

    expect(again).toBe(4)
  })

  test('tries again', async () => {
    const scheduler = new ManualScheduler()
    const log: string[] = []
    const outcomes: CommitOutcome[] = [{ status: 'retry', cause: 'busy' }]
    const sink = sinkOf(log, () => outcomes.pop() ?? { status: 'committed' })

    const committing = commitRestored(manifestOf([files]), partsOf({ files: sink }, scheduler))
    await scheduler.advance(100)

    expect(await committing).toBe(4)
    expect(log.slice(0, 3)).toEqual(['create files', 'b v1', 'b v1'])
  })

  test('I3: fails loudly at the first that is refused, and closes', async () => {
    const log: string[] = []
    const sink = sinkOf(log, () => {
      throw new FlinktsError('FLINKTS_COMMIT_REJECTED', 'gone')
    })

    const committing = commitRestored(manifestOf([files]), partsOf({ files: sink }))

    await expect(committing).rejects.toMatchObject({ code: 'FLINKTS_COMMIT_REJECTED' })
    expect(log).toEqual(['create files', 'b v1', 'close'])
  })

  test('I3: refuses a sink that cannot commit what its predecessor prepared', async () => {
    const sink: Sink<unknown> = {
      description: 'plain',
      guarantee: 'at-least-once',
      mechanism: 'none',
      createWriter: () => Promise.reject(new Error('not reached')),
    }

    const committing = commitRestored(manifestOf([files]), partsOf({ files: sink }))

    await expect(committing).rejects.toMatchObject({
      code: 'FLINKTS_STATE_INCOMPATIBLE',
      message: 'checkpoint chk-000042 holds output of sink "files" that it cannot commit',
    })
  })

  test('ends when the job is asked to', async () => {
    const log: string[] = []
    const parts = partsOf({ files: sinkOf(log, () => ({ status: 'committed' })) })
    parts.abort.abort()

    await expect(commitRestored(manifestOf([files]), parts)).rejects.toBe(parts.signal.reason)

    expect(log).toEqual(['create files', 'close'])
  })
})
