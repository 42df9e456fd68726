import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/checkpoint/attempt.ts'
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog.ts'
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts'
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts'
import { FlinktsError } from '../../src/common/errors.ts'
import { randomBelow, SeededPrng } from '../../src/common/prng.ts'
import type { Storage } from '../../src/common/storage.ts'
import type { SimulatedStorage } from '../../src/testing/simulated-storage.ts'
import {
  attemptStore,
  FakeMachine,
  FixedClock,
  manifestOf,
  newDisk,
  stateOf,
  writeState,
} from './fixtures.ts'

/** What the outside world has seen: what may not become untrue, whatever crashes. */
interface Promises {
  readonly attempts: number[]
  readonly begun: number[]
  /** Manifests whose completion began, by checkpoint. */
  readonly offered: Map<number, CheckpointManifest>
  completed: number
  oldestRetained: number
}

function noPromises(): Promises {
  return { attempts: [], begun: [], offered: new Map(), completed: 0, oldestRetained: 0 }
}

/** A process that claims, recovers, and takes `checkpoints`, every third of which it gives up. */
async function work(
  storage: Storage,
  promises: Promises,
  options: { readonly machine: FakeMachine; readonly checkpoints: number },
): Promise<void> {
  const attempt = await attemptStore(storage, { probe: options.machine.start() }).claim()
  expect(attempt.number).toBeGreaterThan(Math.max(0, ...promises.attempts))
  promises.attempts.push(attempt.number)
  const store = new CheckpointStore(storage, attempt)
  expectRestored(promises, await store.recover({ guarantee: 'exactly-once' }))
  for (let round = 1; round <= options.checkpoints; round += 1) {
    await takeCheckpoint({ storage, attempt, store, promises }, round % 3 === 0)
  }
  await attempt.release()
}

interface Work {
  readonly storage: Storage
  readonly attempt: Attempt
  readonly store: CheckpointStore
  readonly promises: Promises
}

async function takeCheckpoint(
  { storage, attempt, store, promises }: Work,
  givenUp: boolean,
): Promise<void> {
  const checkpointId = await store.nextCheckpointId()
  expect(checkpointId).toBeGreaterThan(Math.max(0, ...promises.begun))
  await store.begin(checkpointId)
  promises.begun.push(checkpointId)
  await writeState(storage, checkpointId)
  if (givenUp) {
    expect(await store.discard(checkpointId)).toBe(true)
    return
  }
  const manifest = manifestOf(attempt, checkpointId, [checkpointId])
  promises.offered.set(checkpointId, manifest)
  const notice = await store.complete(manifest)
  promises.completed = checkpointId
  promises.oldestRetained = notice.oldestRetainedId
}

/** What is restored is the last completed checkpoint, or the one that was being completed. */
function expectRestored(promises: Promises, manifest: CheckpointManifest | undefined): void {
  const { completed, oldestRetained, offered } = promises
  if (manifest === undefined) {
    expect(completed).toBe(0)
    return
  }
  const { checkpointId } = manifest
  expect(manifest).toEqual(offered.get(checkpointId))
  expect([completed, Math.max(...offered.keys())]).toContain(checkpointId)
  expect(checkpointId).toBeGreaterThanOrEqual(oldestRetained)
  promises.completed = checkpointId
}

/** Nothing that has a manifest is half there. */
async function expectDiskIntact(disk: SimulatedStorage, promises: Promises): Promise<void> {
  const catalog = new CheckpointCatalog(disk.open())
  const ids = await catalog.list()
  expect(ids.filter((id) => id < promises.oldestRetained)).toEqual([])
  expect([0, ...ids]).toContain(promises.completed)
  for (const id of ids) {
    expect(await catalog.read(id)).toEqual(promises.offered.get(id))
    expect(disk.content(`chk-${String(id).padStart(6, '0')}/counts-0.state`)).toEqual(stateOf(id))
  }
}

/** Runs a process until its step `crashAt`; @returns the number of steps that it took. */
async function runUntilCrash(
  disk: SimulatedStorage,
  crashAt: number,
  run: (storage: Storage) => Promise<void>,
): Promise<number> {
  const crashed = Promise.withResolvers<void>()
  let steps = 0
  const handle = disk.open(() => {
    steps += 1
    if (steps === crashAt) {
      handle.crash()
      crashed.resolve()
    }
    return Promise.resolve()
  })
  await Promise.race([run(handle), crashed.promise])
  return steps
}

describe('a process that is killed at any step', () => {
  test('loses no completed checkpoint, and shows no half of one', async () => {
    let crashAt = 0
    let last = false
    while (!last) {
      crashAt += 1
      const { disk, steps, promises, machine } = await killOnce(crashAt)
      await expectDiskIntact(disk, promises)

      await work(disk.open(), promises, { machine: machine(), checkpoints: 4 })

      await expectDiskIntact(disk, promises)
      last = steps < crashAt
    }
    expect(crashAt).toBeGreaterThan(100)
  })

  test('loses none if the next process is killed too', async () => {
    for (let seed = 0; seed < 600; seed += 1) {
      const prng = new SeededPrng(seed)
      const { disk, promises, machine } = await killOnce(1 + randomBelow(prng, 150), seed)
      for (let life = 0; life < 4; life += 1) {
        await runUntilCrash(disk, 1 + randomBelow(prng, 120), (storage) =>
          work(storage, promises, { machine: machine(), checkpoints: 3 }),
        )
        await expectDiskIntact(disk, promises)
      }
    }
  })

  async function killOnce(
    crashAt: number,
    seed = crashAt,
  ): Promise<{
    readonly disk: SimulatedStorage
    readonly steps: number
    readonly promises: Promises
    readonly machine: () => FakeMachine
  }> {
    const disk = newDisk(seed)
    const promises = noPromises()
    // Every process of a machine of its own, and all of them dead: nobody waits for a lease.
    let pid = 1
    const machine = (): FakeMachine => {
      const next = new FakeMachine()
      for (let started = 0; started < pid; started += 1) next.start().kill()
      pid += 1
      return next
    }
    const steps = await runUntilCrash(disk, crashAt, (storage) =>
      work(storage, promises, { machine: machine(), checkpoints: 4 }),
    )
    return { disk, steps, promises, machine }
  }
})

/** Lets several processes go on in turns, in an order that a seed picks. */
class Interleaving {
  readonly #prng: SeededPrng
  readonly #waiting: (() => void)[] = []

  constructor(seed: number) {
    this.#prng = new SeededPrng(seed)
  }

  readonly step = (): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push(resolve)
    })

  /**
   * Goes on until all have settled; one of them may be favoured, so that others fall far behind.
   */
  async run<T>(processes: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
    const state = { settled: false }
    const results = Promise.allSettled(processes).finally(() => {
      state.settled = true
    })
    while (!state.settled) {
      await new Promise(setImmediate)
      const newest = this.#prng.next() < 0.3
      const index = newest
        ? this.#waiting.length - 1
        : randomBelow(this.#prng, this.#waiting.length)
      this.#waiting.splice(index, 1)[0]?.()
    }
    return results
  }
}

interface Life {
  /** One of a higher rank sees the leases of lower ones as expired, and not the other way round. */
  readonly rank: number
  readonly attempt: number
  readonly restored: number
  readonly begun: readonly number[]
  readonly completed: readonly number[]
  readonly ending: string
}

const claimsMax = 10

/** Tries again when it is refused: in between, the others go on. */
async function claimInTheEnd(
  storage: Storage,
  options: Parameters<typeof attemptStore>[1],
): Promise<Attempt> {
  for (let round = 1; ; round += 1) {
    try {
      return await attemptStore(storage, options).claim()
    } catch (error) {
      const refused = error instanceof FlinktsError && error.code === 'FLINKTS_JOB_ALREADY_RUNNING'
      if (!refused || round === claimsMax) throw error
    }
  }
}

/** A process that takes the job over from whoever has it, and works until it is fenced or done. */
async function takeOver(
  storage: Storage,
  options: { readonly clock: FixedClock; readonly probe: ReturnType<FakeMachine['start']> },
  { rounds, retainedMax }: { readonly rounds: number; readonly retainedMax: number },
): Promise<Life> {
  const begun: number[] = []
  const completed: number[] = []
  let attemptNumber = 0
  let restored = 0
  const end = (ending: string): Life => {
    const rank = options.clock.nowMs
    return { rank, attempt: attemptNumber, restored, begun, completed, ending }
  }
  try {
    const attempt = await claimInTheEnd(storage, options)
    attemptNumber = attempt.number
    const store = new CheckpointStore(storage, attempt, { retainedMax })
    restored = (await store.recover({ guarantee: 'exactly-once' }))?.checkpointId ?? 0
    for (let round = 0; round < rounds; round += 1) {
      const checkpointId = await store.nextCheckpointId()
      await store.begin(checkpointId)
      begun.push(checkpointId)
      await writeState(storage, checkpointId)
      if (round === 2) await store.discard(checkpointId)
      else {
        await store.complete(manifestOf(attempt, checkpointId, [checkpointId]))
        completed.push(checkpointId)
      }
    }
    return end('done')
  } catch (error) {
    if (!(error instanceof FlinktsError)) throw error
    return end(error.code)
  }
}

describe('a process that lost its lease, and does not know', () => {
  test('publishes nothing that its successor does not see', async () => {
    let fenced = 0
    for (let seed = 0; seed < 1000; seed += 1) {
      const disk = newDisk(seed)
      const machine = new FakeMachine()
      const interleaving = new Interleaving(seed)
      // Each sees the leases of those before as expired.
      const prng = new SeededPrng(seed)
      const lives = [0, 1, 2].map(async (rank) => {
        for (let wait = randomBelow(prng, 1 + rank * 80); wait > 0; wait -= 1) {
          await interleaving.step()
        }
        const clock = new FixedClock(1_750_000_000_000 + rank * 60_000)
        const options = { clock, probe: machine.start() }
        return takeOver(disk.open(interleaving.step), options, { rounds: 4, retainedMax: 2 })
      })

      const settled = await interleaving.run(lives)

      const ended = settled.map((result) => (result.status === 'fulfilled' ? result.value : result))
      expect(
        ended.filter((life) => 'reason' in life),
        `seed ${seed}`,
      ).toEqual([])
      const claimed = byAttempt(ended.filter((life) => 'attempt' in life))
      fenced += claimed.filter((life) => life.ending === 'FLINKTS_ATTEMPT_FENCED').length
      expect({ seed, faults: faultsOf(claimed) }).toEqual({ seed, faults: [] })
      await expectLast(disk, claimed.at(-1), `seed ${seed}`)
    }
    expect(fenced).toBeGreaterThan(300)
  })

  test('nor if it sleeps at any step while the successor gets to any of its own', async () => {
    let ends = { sleeper: false, successor: false }
    for (let asleepAt = 1; !ends.sleeper; asleepAt += 1) {
      ends = { sleeper: false, successor: false }
      for (let awakeAt = 1; !ends.successor && !ends.sleeper; awakeAt += 1) {
        const seed = `asleep at ${asleepAt}, awake at ${awakeAt}`
        const { disk, lives, ended } = await sleepOnce(asleepAt, awakeAt)
        ends = ended
        expect({ seed, faults: faultsOf(lives) }).toEqual({ seed, faults: [] })
        await expectLast(disk, lives.at(-1), seed)
      }
    }
  })

  /** The first sleeps at a step until the second is at a step, which then waits for its end. */
  async function sleepOnce(
    asleepAt: number,
    awakeAt: number,
  ): Promise<{
    readonly disk: SimulatedStorage
    readonly lives: readonly Life[]
    readonly ended: { readonly sleeper: boolean; readonly successor: boolean }
  }> {
    const disk = newDisk()
    const machine = new FakeMachine()
    const reached = Promise.withResolvers<void>()
    const sleeperEnded = Promise.withResolvers<void>()
    const steps = { sleeper: 0, successor: 0 }
    // Enough for the second checkpoint to replace the first.
    const short = { rounds: 2, retainedMax: 1 }
    const successor = async (): Promise<Life> => {
      const storage = disk.open(async () => {
        steps.successor += 1
        if (steps.successor !== awakeAt) return
        reached.resolve()
        await sleeperEnded.promise
      })
      const clock = new FixedClock(1_750_000_060_000)
      const options = { clock, probe: machine.start() }
      return takeOver(storage, options, short).finally(reached.resolve)
    }
    let second: Promise<Life> | undefined
    const sleeper = disk.open(async () => {
      steps.sleeper += 1
      if (steps.sleeper !== asleepAt) return
      second = successor()
      await reached.promise
    })
    const options = { clock: new FixedClock(), probe: machine.start() }
    const first = await takeOver(sleeper, options, short)
    sleeperEnded.resolve()
    const all = second === undefined ? [first] : [first, await second]
    return {
      disk,
      lives: byAttempt(all),
      ended: { sleeper: steps.sleeper < asleepAt, successor: steps.successor < awakeAt },
    }
  }

  function byAttempt(lives: readonly Life[]): readonly Life[] {
    const claimed = lives.filter((life) => life.attempt > 0)
    return claimed.toSorted((left, right) => left.attempt - right.attempt)
  }

  /** What a succession of lives must not show; in the order of their attempts. */
  function faultsOf(lives: readonly Life[]): readonly string[] {
    const faults: string[] = []
    const begun = lives.flatMap((life) => life.begun)
    if (new Set(begun).size < begun.length) faults.push('an id was used twice')
    if (lives.at(-1)?.ending !== 'done') faults.push('the last one did not get through')
    for (const [index, life] of lives.entries()) {
      const earlier = lives.slice(0, index)
      const published = Math.max(0, ...earlier.flatMap(({ completed }) => completed))
      if (!endings.includes(life.ending)) faults.push(`one ended with ${life.ending}`)
      if (earlier.some(({ rank }) => rank > life.rank)) faults.push('a live holder was replaced')
      if (life.begun.length === 0) continue
      if (life.restored < published) faults.push('a checkpoint was published, and not seen')
      if (Math.min(...life.begun) <= life.restored) faults.push('an id did not grow')
    }
    return faults
  }

  // The last: the successor removed the directory between the two halves of a write.
  const endings = ['done', 'FLINKTS_ATTEMPT_FENCED', 'FLINKTS_STORAGE_FAILED']

  async function expectLast(
    disk: SimulatedStorage,
    last: Life | undefined,
    seed: string,
  ): Promise<void> {
    const manifest = await new CheckpointCatalog(disk.open()).latest()
    const found = { seed, checkpointId: manifest?.checkpointId, attempt: manifest?.attempt }
    expect(found).toEqual({ seed, checkpointId: last?.completed.at(-1), attempt: last?.attempt })
  }
})

describe('processes that claim a job at the same time', () => {
  test('are refused, except one', async () => {
    for (let seed = 0; seed < 1000; seed += 1) {
      const disk = newDisk(seed)
      const machine = new FakeMachine()
      if (seed % 2 === 0) {
        const first = machine.start()
        await attemptStore(disk.open(), { probe: first }).claim()
        first.kill()
      }
      const interleaving = new Interleaving(seed)
      const claims = [1, 2, 3].map(() =>
        attemptStore(disk.open(interleaving.step), { probe: machine.start() }).claim(),
      )

      const settled = await interleaving.run(claims)

      const reasons = settled.map((claim) => {
        if (claim.status === 'fulfilled') return 'won'
        return claim.reason instanceof FlinktsError ? claim.reason.code : String(claim.reason)
      })
      const refused = 'FLINKTS_JOB_ALREADY_RUNNING'
      expect([seed, ...reasons.toSorted()]).toEqual([seed, refused, refused, 'won'])
    }
  })
})
