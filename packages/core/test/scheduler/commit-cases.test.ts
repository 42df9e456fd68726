import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { defined } from '../../src/common/assert.ts'
import { type CollectSink, collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'

const values: readonly number[] = Array.from({ length: 100 }, (_, index) => index)

/** A sink that tells which checkpoint was committed outside, after the commit, and how it went. */
function observedSink(onCommitted: (commit: string) => void): CollectSink<number> {
  const sink = collectSink<number>()
  const createCommitter = sink.createCommitter?.bind(sink)
  sink.createCommitter = async (context) => {
    const committer = defined(await createCommitter?.(context), 'the sink commits')
    return {
      commit: async (committable) => {
        const outcome = await committer.commit(committable)
        onCommitted(`${committable.name.split('/').at(-1)} ${outcome.status}`)
        return outcome
      },
      close: () => committer.close(),
    }
  }
  return sink
}

test('C53: a commit that was made before the crash is made again, with no effect', async () => {
  const commits: string[] = []
  const sink = observedSink((commit) => {
    commits.push(commit)
    if (commits.length === 1) throw new Error('the connection is lost, after the commit')
  })
  const job = defineJob('crash', {}, (env) => {
    env.source('numbers', collectionSource(values)).sinkTo('out', sink)
  })

  await runTestJob(job)

  expect(commits).toEqual(['1 committed', '1 already-committed'])
  expect(sink.values).toEqual(values)
})

// The property of the case that is Flink's own, "the post-commit topology sees the final
// committables", is that they are committed: nothing follows a sink here.
test('C54: at the end of the input a last checkpoint commits the rest at once', async () => {
  const commits: string[] = []
  const sink = observedSink((commit) => void commits.push(commit))
  const job = defineJob('bounded', { checkpointIntervalMs: 3_600_000 }, (env) => {
    env.source('numbers', collectionSource(values)).sinkTo('out', sink)
  })

  await runTestJob(job, { timeMaxMs: 1000 })

  expect(commits).toEqual(['1 committed'])
  expect(sink.values).toEqual(values)
})
