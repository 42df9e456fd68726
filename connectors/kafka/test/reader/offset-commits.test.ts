import { silentLogger } from '@flinkts/core/connector'
import { expect, test } from 'vitest'
import type { OffsetToCommit } from '../../src/cluster/transactions.ts'
import { OffsetCommits } from '../../src/reader/offset-commits.ts'

/** A group that remembers what is committed to it, and refuses as often as it is told. */
function open({ refusals = 0 } = {}) {
  const commits: (readonly number[])[] = []
  let failedCount = 0
  let refusalsLeft = refusals
  const groups = {
    commit: async (_groupId: string, offsets: readonly OffsetToCommit[]): Promise<void> => {
      commits.push(offsets.map(({ offset }) => offset))
      refusalsLeft -= 1
      if (refusalsLeft >= 0) throw new Error('the group has members')
    },
  }
  const context = { cluster: { groups }, logger: silentLogger }
  const failed = {
    add: () => {
      failedCount += 1
    },
  }
  return {
    commits,
    failedCount: () => failedCount,
    offsets: new OffsetCommits(context, 'group', failed),
  }
}

function splitAt(nextOffset: number, partition = 0) {
  const splitId = `t:${partition}`
  return { splitId, topic: 't', partition, nextOffset, leaderEpoch: 3 }
}

test('commits nothing before a checkpoint has completed, and then what that one holds', () => {
  const { commits, offsets } = open()

  offsets.snapshot(1, [splitAt(4)])
  offsets.snapshot(2, [splitAt(9)])
  expect(commits).toEqual([])
  offsets.complete({ checkpointId: 1, oldestRetainedId: 1 })

  expect(commits).toEqual([[4]])
})

test('commits what the oldest checkpoint holds that a restore may go to', async () => {
  const { commits, offsets } = open()

  for (const id of [1, 2, 3]) offsets.snapshot(id, [splitAt(10 * id)])
  offsets.complete({ checkpointId: 3, oldestRetainedId: 2 })
  offsets.complete({ checkpointId: 3, oldestRetainedId: 1 })

  await expect.poll(() => commits).toEqual([[20]])
})

test('goes on committing where splits have ended', () => {
  const { commits, offsets } = open()

  offsets.end(splitAt(7, 1))
  offsets.snapshot(1, [splitAt(4)])
  offsets.complete({ checkpointId: 1, oldestRetainedId: 1 })

  expect(commits).toEqual([[7, 4]])
})

test('counts a commit that was refused, and tries with the next checkpoint', async () => {
  const { commits, offsets, failedCount } = open({ refusals: 1 })

  offsets.snapshot(1, [splitAt(4)])
  offsets.complete({ checkpointId: 1, oldestRetainedId: 1 })
  await expect.poll(failedCount).toBe(1)
  offsets.snapshot(2, [splitAt(9)])
  offsets.complete({ checkpointId: 2, oldestRetainedId: 2 })

  expect(commits).toEqual([[4], [9]])
})
