import { expect, test } from 'vitest'
import type { Attempt } from '../../src/checkpoint/attempt.ts'
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts'
import { FlinktsError } from '../../src/common/errors.ts'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import { NodeStorage } from '../../src/platform/node-storage.ts'
import { SimulatedFileSystem } from '../../src/testing/simulated-file-system.ts'
import { attemptStore, FakeMachine, FixedClock, manifestOf, writeState } from './fixtures.ts'

/**
 * The store of checkpoints on the storage that jobs use, on a file system that keeps no more than
 * was synced: what a job has acted upon survives the loss of power at every step.
 */

const checkpointsPerLife = 3
const hourMs = 3_600_000

/** What has been acted upon: sinks have committed it, tasks have used the number. */
class ActedUpon {
  attempt = 0
  begun = 0
  committed = 0
  /** Every process begins long after the lease of the one before. */
  readonly clock = new FixedClock()
}

/** A directory that a dead claim left, whose predecessor's record was lost, refuses one start. */
async function claimInTheEnd(storage: NodeStorage, { clock }: ActedUpon): Promise<Attempt> {
  const attempts = attemptStore(storage, { probe: new FakeMachine().start(), clock })
  try {
    return await attempts.claim()
  } catch (error) {
    const refused = error instanceof FlinktsError && error.code === 'FLINKTS_JOB_ALREADY_RUNNING'
    if (!refused) throw error
    return attempts.claim()
  }
}

/** A process from its start on: claims, restores and commits, and takes checkpoints. */
async function live(storage: NodeStorage, acted: ActedUpon, replay: string): Promise<void> {
  const attempt = await claimInTheEnd(storage, acted)
  expect(attempt.number, `attempt, ${replay}`).toBeGreaterThan(acted.attempt)
  acted.attempt = attempt.number
  const store = new CheckpointStore(storage, attempt)
  // Checks the manifest and reads every state file.
  const restored = await store.recover({ guarantee: 'exactly-once' })
  const restoredId = restored?.checkpointId ?? 0
  expect(restoredId, `restored, ${replay}`).toBeGreaterThanOrEqual(acted.committed)
  acted.committed = restoredId
  for (let count = 0; count < checkpointsPerLife; count += 1) {
    const checkpointId = await store.nextCheckpointId()
    expect(checkpointId, `id, ${replay}`).toBeGreaterThan(acted.begun)
    await store.begin(checkpointId)
    acted.begun = checkpointId
    await writeState(storage, checkpointId)
    await store.complete(manifestOf(attempt, checkpointId, [checkpointId]))
    acted.committed = checkpointId
  }
}

/** Runs a process until its step `crashAt`. @returns whether it came to that step. */
async function liveUntil(
  fileSystem: SimulatedFileSystem,
  acted: ActedUpon,
  { crashAt, replay }: { readonly crashAt: number; readonly replay: string },
): Promise<boolean> {
  acted.clock.nowMs += hourMs
  const crashed = Promise.withResolvers<boolean>()
  let steps = 0
  const files = fileSystem.open(() => {
    steps += 1
    if (steps === crashAt) {
      files.kill()
      crashed.resolve(true)
    }
    return Promise.resolve()
  })
  const lived = live(new NodeStorage('/data/job', files), acted, replay).then(() => false)
  const died = await Promise.race([lived, crashed.promise])
  // What had taken place when it died may be heard of.
  await new Promise(setImmediate)
  return died
}

const toTheEnd = Number.POSITIVE_INFINITY

test('what was acted upon survives, whichever step the power goes at', async () => {
  let died = true
  for (let crashAt = 1; died; crashAt += 1) {
    const replay = `step ${crashAt}`
    const fileSystem = new SimulatedFileSystem(new SeededPrng(crashAt))
    const acted = new ActedUpon()
    died = await liveUntil(fileSystem, acted, { crashAt, replay })
    fileSystem.losePower()

    await liveUntil(fileSystem, acted, { crashAt: toTheEnd, replay })
    expect(acted.committed, `at the end, ${replay}`).toBeGreaterThanOrEqual(checkpointsPerLife)
  }
})

test('and when processes died before, and others went on with what they left', async () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const prng = new SeededPrng(seed)
    const fileSystem = new SimulatedFileSystem(prng)
    const acted = new ActedUpon()
    for (let life = 1; life <= 6; life += 1) {
      const crashAt = 1 + randomBelow(prng, 350)
      await liveUntil(fileSystem, acted, { crashAt, replay: `seed ${seed}, life ${life}` })
      if (randomBelow(prng, 2) === 0) fileSystem.losePower()
    }
    await liveUntil(fileSystem, acted, { crashAt: toTheEnd, replay: `seed ${seed}, to the end` })
    expect(acted.committed, `seed ${seed}`).toBeGreaterThanOrEqual(checkpointsPerLife)
  }
})
