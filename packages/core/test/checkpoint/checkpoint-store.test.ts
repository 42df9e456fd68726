import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/checkpoint/attempt.ts'
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts'
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts'
import { FlinktsError } from '../../src/common/errors.ts'
import type { DeliveryGuarantee } from '../../src/common/guarantee.ts'
import type { SimulatedStorage, StorageStep } from '../../src/testing/simulated-storage.ts'
import { attemptStore, manifestOf, newDisk, stateOf, writeState } from './fixtures.ts'
import { containing, errorWith, matching } from '../matchers.ts'

const corrupt = errorWith('FLINKTS_CHECKPOINT_CORRUPT')
const fenced = errorWith('FLINKTS_ATTEMPT_FENCED')
const exactlyOnce = { guarantee: 'exactly-once' } as const

/** A process that works on a disk. */
class Worker {
  readonly attempt: Attempt
  readonly store: CheckpointStore
  readonly #storage: ReturnType<SimulatedStorage['open']>

  constructor(
    storage: ReturnType<SimulatedStorage['open']>,
    attempt: Attempt,
    retainedMax: number | undefined,
  ) {
    this.#storage = storage
    this.attempt = attempt
    this.store = new CheckpointStore(
      storage,
      attempt,
      retainedMax === undefined ? {} : { retainedMax },
    )
  }

  static async start(
    disk: SimulatedStorage,
    options: { readonly retainedMax?: number; readonly step?: StorageStep } = {},
  ): Promise<Worker> {
    const storage = disk.open(options.step)
    return new Worker(storage, await attemptStore(storage).claim(), options.retainedMax)
  }

  async begin(): Promise<number> {
    const checkpointId = await this.store.nextCheckpointId()
    await this.store.begin(checkpointId)
    await writeState(this.#storage, checkpointId)
    return checkpointId
  }

  /** `prepared`: the ids of the committables in it. */
  async complete(prepared: readonly number[] = []): Promise<CheckpointManifest> {
    const manifest = manifestOf(this.attempt, await this.begin(), prepared)
    await this.store.complete(manifest)
    return manifest
  }
}

describe('a checkpoint store', () => {
  test('has no checkpoint at first', async () => {
    const { store } = await Worker.start(newDisk())

    expect(await store.recover(exactlyOnce)).toBeUndefined()
    expect(await store.latest()).toBeUndefined()
    expect(await store.list()).toEqual([])
    expect(await store.nextCheckpointId()).toBe(1)
  })

  test('gives the newest checkpoint, in this attempt and the next', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    await first.complete()
    const manifest = await first.complete()

    const second = await Worker.start(disk)

    expect(await first.store.latest()).toEqual(manifest)
    expect(await second.store.recover(exactlyOnce)).toEqual(manifest)
  })

  test('has the documented files', async () => {
    const disk = newDisk()
    const worker = await Worker.start(disk)

    await worker.complete()

    expect(disk.paths()).toEqual([
      'attempts/000001/lease.json',
      'chk-000001/begun.json',
      'chk-000001/counts-0.state',
      'chk-000001/manifest.json',
    ])
  })

  test('retains the newest two, and says which is the oldest', async () => {
    const worker = await Worker.start(newDisk())
    await worker.complete()
    await worker.complete()
    const manifest = manifestOf(worker.attempt, await worker.begin())

    const notice = await worker.store.complete(manifest)

    expect(notice).toEqual({ checkpointId: 3, oldestRetainedId: 2 })
    expect(await worker.store.list()).toEqual([2, 3])
  })

  test('retains as many as it is told', async () => {
    const worker = await Worker.start(newDisk(), { retainedMax: 1 })

    for (let round = 0; round < 3; round += 1) await worker.complete()

    expect(await worker.store.list()).toEqual([3])
  })

  test('completes a checkpoint although older ones cannot be removed', async () => {
    let broken = false
    const worker = await Worker.start(newDisk(), {
      step: (operation) =>
        broken && operation === 'remove'
          ? Promise.reject(new FlinktsError('FLINKTS_STORAGE_FAILED', 'the disk is broken'))
          : Promise.resolve(),
    })
    await worker.complete()
    await worker.complete()
    const manifest = manifestOf(worker.attempt, await worker.begin())

    broken = true
    const notice = await worker.store.complete(manifest)

    expect(notice.checkpointId).toBe(3)
    expect(notice.oldestRetainedId).toBeLessThanOrEqual(2)
    expect(await worker.store.latest()).toEqual(manifest)
  })

  test('leaves a checkpoint undone when the disk is full', async () => {
    let full = false
    const worker = await Worker.start(newDisk(), {
      step: (operation, path) =>
        full && operation === 'write' && path.includes('manifest')
          ? Promise.reject(new FlinktsError('FLINKTS_STORAGE_FULL', 'the disk is full'))
          : Promise.resolve(),
    })
    const before = await worker.complete()
    const checkpointId = await worker.begin()

    full = true
    const completion = worker.store.complete(manifestOf(worker.attempt, checkpointId))

    await expect(completion).rejects.toMatchObject({ code: 'FLINKTS_STORAGE_FULL' })
    expect(await worker.store.discard(checkpointId)).toBe(true)
    expect(await worker.store.latest()).toEqual(before)
    expect(await worker.store.nextCheckpointId()).toBe(checkpointId + 1)
  })

  test('never uses the id of a discarded checkpoint again', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    await first.complete()
    await first.store.discard(await first.begin())

    const second = await Worker.start(disk)
    await second.store.recover(exactlyOnce)

    expect(await second.store.nextCheckpointId()).toBe(3)
    expect(disk.paths()).not.toContain('chk-000002/counts-0.state')
  })

  test('never uses an id again, even if all checkpoints were removed by hand', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    for (let round = 0; round < 3; round += 1) await first.complete()
    await Worker.start(disk)
    const storage = disk.open()
    for (const name of await storage.list('')) {
      if (name.startsWith('chk-')) await storage.remove(name)
    }

    const third = await Worker.start(disk)

    expect(await third.store.nextCheckpointId()).toBe(4)
  })

  test('does not discard a completed checkpoint', async () => {
    const worker = await Worker.start(newDisk())
    const manifest = await worker.complete()

    expect(await worker.store.discard(manifest.checkpointId)).toBe(false)

    expect(await worker.store.latest()).toEqual(manifest)
  })

  test('removes what a dead attempt left unfinished', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    await first.begin()
    await first.begin()

    const second = await Worker.start(disk)
    await second.store.recover(exactlyOnce)

    expect(disk.paths()).toEqual(['attempts/000002/lease.json', 'chk-000002/begun.json'])
    expect(await second.store.nextCheckpointId()).toBe(3)
  })

  test('refuses an id that an older attempt may have used', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    await first.complete()

    const second = await Worker.start(disk)

    await expect(second.store.begin(1)).rejects.toMatchObject({ code: 'FLINKTS_ASSERTION_FAILED' })
  })

  test('begins a checkpoint once', async () => {
    const { store } = await Worker.start(newDisk())
    await store.begin(1)

    await expect(store.begin(1)).rejects.toMatchObject({ code: 'FLINKTS_ASSERTION_FAILED' })
  })

  test('takes over an id that a fenced attempt took too late', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    const second = await Worker.start(disk)

    const checkpointId = await second.store.nextCheckpointId()

    await expect(first.store.begin(checkpointId)).rejects.toEqual(fenced)
    await second.store.begin(checkpointId)

    const begun = disk.content('chk-000001/begun.json')
    expect(new TextDecoder().decode(begun)).toBe('{"attempt":2}\n')
  })

  test('publishes nothing for an attempt that was fenced', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    const before = await first.complete()
    const manifest = manifestOf(first.attempt, await first.begin())
    const second = await Worker.start(disk)

    await expect(first.store.complete(manifest)).rejects.toEqual(fenced)

    expect(await second.store.recover(exactlyOnce)).toEqual(before)
  })

  test('refuses the manifest of another attempt, or with files of another checkpoint', async () => {
    const worker = await Worker.start(newDisk())
    const checkpointId = await worker.begin()
    const manifest = manifestOf(worker.attempt, checkpointId)
    const refused = errorWith('FLINKTS_ASSERTION_FAILED')

    const others = [
      { ...manifest, attempt: 2 },
      { ...manifest, jobId: 'other' },
      { ...manifest, checkpointId: 2 },
    ]

    for (const other of others) await expect(worker.store.complete(other)).rejects.toEqual(refused)
  })
})

describe('a fresh start', () => {
  test('does not see the checkpoints of the lineage before', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    await first.complete()
    const storage = disk.open()
    const attempt = await attemptStore(storage).claim({ fresh: true })
    const store = new CheckpointStore(storage, attempt)

    await store.archive()

    expect(await store.recover(exactlyOnce)).toBeUndefined()
    expect(await store.nextCheckpointId()).toBe(2)
  })

  test('that died before it had archived them is finished by the next attempt', async () => {
    const disk = newDisk()
    const first = await Worker.start(disk)
    await first.complete()
    await attemptStore(disk.open(), { prng: { next: () => 0.5 } }).claim({ fresh: true })

    const third = await Worker.start(disk)

    expect(third.attempt.jobId).not.toBe(first.attempt.jobId)
    expect(await third.store.recover(exactlyOnce)).toBeUndefined()
  })
})

describe('recovery from a damaged checkpoint', () => {
  const manifestFile = 'chk-000002/manifest.json'
  const stateFile = 'chk-000002/counts-0.state'

  /** Two checkpoints; the second holds `prepared` committables; then `path` is damaged. */
  async function damaged(path: string, prepared: readonly number[]): Promise<SimulatedStorage> {
    const disk = newDisk()
    const worker = await Worker.start(disk)
    await worker.complete([1])
    await worker.complete(prepared)
    disk.damage(path, disk.content(path)?.slice(0, 10))
    return disk
  }

  async function recover(
    disk: SimulatedStorage,
    guarantee: DeliveryGuarantee,
    from?: number,
  ): Promise<number | undefined> {
    const { store } = await Worker.start(disk)
    const manifest = await store.recover(from === undefined ? { guarantee } : { guarantee, from })
    return manifest?.checkpointId
  }

  test.each([
    [manifestFile, 'is not a JSON document'],
    [stateFile, `it has 10 of ${stateOf(2).length} bytes`],
  ])('says that %s is damaged', async (path, problem) => {
    const disk = await damaged(path, [])
    const { store } = await Worker.start(disk)

    await expect(store.latest()).rejects.toMatchObject({
      code: 'FLINKTS_CHECKPOINT_CORRUPT',
      message: containing(`checkpoint 2 is damaged: file '${path}'`),
    })
    await expect(store.latest()).rejects.toThrow(problem)
  })

  test('goes back over a state file with a flipped bit, before anything is committed', async () => {
    const disk = await damaged(stateFile, [])
    const bytes = stateOf(2)
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1
    disk.damage(stateFile, bytes)

    expect(await recover(disk, 'exactly-once')).toBe(1)
  })

  test('says that a state file is gone', async () => {
    const disk = await damaged(stateFile, [])
    disk.damage(stateFile, undefined)
    const { store } = await Worker.start(disk)

    await expect(store.latest()).rejects.toThrow(
      `file '${stateFile}' in 'simulated disk': it is gone`,
    )
  })

  test('notices a manifest of another checkpoint', async () => {
    const disk = await damaged(stateFile, [])
    disk.damage(manifestFile, disk.content('chk-000001/manifest.json'))
    const { store } = await Worker.start(disk)

    await expect(store.latest()).rejects.toThrow('it is the manifest of checkpoint 1')
  })

  test('goes back by itself when nothing was committed since', async () => {
    expect(await recover(await damaged(stateFile, []), 'exactly-once')).toBe(1)
    expect(await recover(await damaged(stateFile, [1]), 'exactly-once')).toBe(1)
  })

  test.each([
    ['its own output', stateFile, [2]],
    ['output nobody knows', manifestFile, []],
  ])('does not go back by itself over %s', async (_what, path, prepared) => {
    const disk = await damaged(path, prepared)

    await expect(recover(disk, 'exactly-once')).rejects.toMatchObject({
      code: 'FLINKTS_CHECKPOINT_CORRUPT',
      message: containing('checkpoint 2 is damaged'),
      hint: matching(/--from chk-000001.* committed a second time/),
    })
    await expect(recover(disk, 'effectively-once')).rejects.toEqual(corrupt)
  })

  test('goes back when the job may repeat output', async () => {
    expect(await recover(await damaged(stateFile, [2]), 'at-least-once')).toBe(1)
    expect(await recover(await damaged(manifestFile, [2]), 'at-least-once')).toBe(1)
  })

  test('does not go back over what a checkpoint between had prepared', async () => {
    const disk = newDisk()
    const worker = await Worker.start(disk)
    await worker.complete([1])
    await worker.store.discard(await worker.begin())
    const manifest = await worker.complete([2])
    disk.damage(`chk-00000${manifest.checkpointId}/counts-0.state`, undefined)

    await expect(recover(disk, 'exactly-once')).rejects.toEqual(corrupt)
  })

  test('goes back to where the user says, for good', async () => {
    const disk = await damaged(stateFile, [2])

    expect(await recover(disk, 'exactly-once', 1)).toBe(1)

    expect(await recover(disk, 'exactly-once')).toBe(1)
  })

  test('never starts afresh because everything is damaged', async () => {
    const disk = await damaged(manifestFile, [])
    disk.damage('chk-000001/manifest.json', undefined)

    await expect(recover(disk, 'at-least-once')).rejects.toMatchObject({
      code: 'FLINKTS_CHECKPOINT_CORRUPT',
      hint: containing('No other checkpoint is intact'),
    })
  })

  test('does not take a newer format for damage', async () => {
    const disk = await damaged(stateFile, [])
    const newer = '{"format":"flinkts-manifest","version":3}'
    disk.damage(manifestFile, new TextEncoder().encode(newer))

    await expect(recover(disk, 'at-least-once')).rejects.toMatchObject({
      code: 'FLINKTS_STATE_UNREADABLE',
    })
  })

  test('says which checkpoints there are when the one asked for is missing', async () => {
    const disk = await damaged(stateFile, [])

    await expect(recover(disk, 'exactly-once', 9)).rejects.toMatchObject({
      code: 'FLINKTS_CHECKPOINT_NOT_FOUND',
      message: "checkpoint 'chk-000009' does not exist in 'simulated disk'",
      hint: 'Stored there: chk-000001, chk-000002.',
    })
  })
})
