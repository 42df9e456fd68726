import { describe, expect, test } from 'vitest'
import type { Attempt } from '../../src/checkpoint/attempt.ts'
import { CheckpointStore } from '../../src/checkpoint/checkpoint-store.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import {
  attemptStore,
  FakeMachine,
  FixedClock,
  manifestOf,
  newDisk,
  writeState,
} from './fixtures.ts'
import { containing, errorWith } from '../matchers.ts'

const encoder = new TextEncoder()
const leaseMs = 15_000
const alreadyRunning = errorWith('FLINKTS_JOB_ALREADY_RUNNING')
const fenced = errorWith('FLINKTS_ATTEMPT_FENCED')

describe('a claim', () => {
  test('starts a lineage with attempt 1', async () => {
    const attempt = await attemptStore(newDisk().open()).claim()

    expect(attempt.number).toBe(1)
    expect(attempt.jobId).toMatch(/^[a-z0-9]{10}$/)
    expect(attempt.nextCheckpointId).toBe(1)
  })

  test('goes on with the lineage of the attempt before', async () => {
    const storage = newDisk().open()
    const first = await attemptStore(storage).claim()
    await first.release()

    const second = await attemptStore(storage, { prng: new SeededPrng(8) }).claim()

    expect(second.number).toBe(2)
    expect(second.jobId).toBe(first.jobId)
  })

  test('starts a new lineage, but not new numbers, when asked for a fresh start', async () => {
    const storage = newDisk().open()
    const first = await attemptStore(storage).claim()
    await completeOne(storage, first)
    await first.release()

    const second = await attemptStore(storage, { prng: new SeededPrng(8) }).claim({ fresh: true })

    expect(second.number).toBe(2)
    expect(second.jobId).not.toBe(first.jobId)
    expect(second.nextCheckpointId).toBe(2)
  })

  test('takes the lineage from the checkpoints when the records were removed', async () => {
    const storage = newDisk().open()
    const first = await attemptStore(storage).claim()
    await completeOne(storage, first)
    await storage.remove('attempts')

    const second = await attemptStore(storage, { prng: new SeededPrng(8) }).claim()

    expect(second.number).toBe(2)
    expect(second.jobId).toBe(first.jobId)
    expect(second.nextCheckpointId).toBe(2)
  })

  test('is refused while another process holds the job', async () => {
    const storage = newDisk().open()
    const machine = new FakeMachine()
    await attemptStore(storage, { probe: machine.start(111) }).claim()

    await expect(attemptStore(storage, { probe: machine.start() }).claim()).rejects.toMatchObject({
      code: 'FLINKTS_JOB_ALREADY_RUNNING',
      message:
        "job 'orders' is already running: process 111 on host 'host-a' " +
        "holds 'simulated disk' since 2025-06-15T15:06:40.000Z",
      hint: containing('can be started after 2025-06-15T15:06:55.000Z'),
    })
  })

  test('succeeds at once when the holder was killed', async () => {
    const storage = newDisk().open()
    const machine = new FakeMachine()
    const killed = machine.start()
    await attemptStore(storage, { probe: killed }).claim()
    killed.kill()

    const next = await attemptStore(storage, { probe: machine.start() }).claim()

    expect(next.number).toBe(2)
  })

  test('succeeds at once when another process has got the pid of the holder', async () => {
    const storage = newDisk().open()
    const machine = new FakeMachine()
    await attemptStore(storage, { probe: machine.start(111) }).claim()
    machine.start(111)

    const next = await attemptStore(storage, { probe: machine.start() }).claim()

    expect(next.number).toBe(2)
  })

  test('succeeds at once when this process has got the pid of the holder', async () => {
    const storage = newDisk().open()
    const machine = new FakeMachine()
    await attemptStore(storage, { probe: machine.start(1) }).claim()

    const next = await attemptStore(storage, { probe: machine.start(1) }).claim()

    expect(next.number).toBe(2)
  })

  test('succeeds at once in the process that holds the job', async () => {
    const storage = newDisk().open()
    const probe = new FakeMachine().start()
    const first = await attemptStore(storage, { probe }).claim()

    const second = await attemptStore(storage, { probe }).claim()

    expect(second.number).toBe(2)
    await expect(first.assertCurrent()).rejects.toEqual(fenced)
  })

  test('does not believe a holder of another machine dead before it is silent', async () => {
    const storage = newDisk().open()
    const clock = new FixedClock()
    const holder = new FakeMachine().start()
    await attemptStore(storage, { clock, probe: elsewhere(holder) }).claim()
    const claimant = attemptStore(storage, { clock, probe: new FakeMachine().start() })

    clock.nowMs += leaseMs
    await expect(claimant.claim()).rejects.toEqual(alreadyRunning)
    clock.nowMs += 1
    const next = await claimant.claim()

    expect(next.number).toBe(2)
  })

  test('is refused as long as the holder renews its lease', async () => {
    const storage = newDisk().open()
    const clock = new FixedClock()
    const machine = new FakeMachine()
    const holder = attemptStore(storage, { clock, probe: machine.start() })
    const first = await holder.claim()
    const claimant = attemptStore(storage, { clock, probe: machine.start() })

    for (let round = 0; round < 10; round += 1) {
      clock.nowMs += holder.renewIntervalMs
      await first.renew()
      await expect(claimant.claim()).rejects.toEqual(alreadyRunning)
    }

    expect(holder.renewIntervalMs).toBe(5_000)
  })

  test('leaves nothing of older attempts', async () => {
    const disk = newDisk()
    const storage = disk.open()
    const probe = new FakeMachine().start()
    for (let round = 0; round < 3; round += 1) await attemptStore(storage, { probe }).claim()

    expect(disk.paths()).toEqual(['attempts/000003/lease.json'])
    expect(await storage.list('attempts')).toEqual(['000003'])
  })

  test('leaves alone what a later attempt is about to write', async () => {
    const disk = newDisk()
    const storage = disk.open()
    await storage.write('attempts/renewal-000002.json', [])

    await attemptStore(storage).claim()

    expect(disk.paths()).toContain('attempts/renewal-000002.json')
  })

  test('passes over a directory that a crash left without a record', async () => {
    const storage = newDisk().open()
    const first = await attemptStore(storage).claim()
    await first.release()
    await storage.write('attempts/000002/other', [])

    const second = await attemptStore(storage).claim()

    expect(second.number).toBe(2)
    expect(second.jobId).toBe(first.jobId)
  })

  test.each([
    ['{"format":', 'FLINKTS_CHECKPOINT_CORRUPT', 'backup'],
    ['{"format":"flinkts-attempt","version":1}', 'FLINKTS_CHECKPOINT_CORRUPT', 'backup'],
    ['{"format":"flinkts-attempt","version":2}', 'FLINKTS_STATE_UNREADABLE', 'release of flinkts'],
  ])('refuses the record %s', async (text, code, hint) => {
    const storage = newDisk().open()
    await storage.write('attempts/000001/lease.json', [encoder.encode(text)])

    await expect(attemptStore(storage).claim()).rejects.toMatchObject({
      code,
      message: containing("'attempts/000001/lease.json'"),
      hint: containing(hint),
    })
  })

  test('that slept while the job went on does not win with an old number', async () => {
    const disk = newDisk()
    const machine = new FakeMachine()
    const other = { probe: machine.start() }
    let awake = true
    const sleeper = disk.open(async (operation) => {
      if (operation !== 'create' || !awake) return
      awake = false
      // The job goes on: attempt 1 and 2 come and go, and the number of the sleeper is free again.
      for (let round = 0; round < 3; round += 1) await attemptStore(disk.open(), other).claim()
    })

    await expect(attemptStore(sleeper, { probe: machine.start() }).claim()).rejects.toEqual(
      alreadyRunning,
    )

    expect((await attemptStore(disk.open(), other).newest())?.attempt).toBe(3)
  })
})

describe('an attempt', () => {
  test('is current until a later one starts', async () => {
    const storage = newDisk().open()
    const first = await attemptStore(storage).claim()
    await first.assertCurrent()

    await attemptStore(storage).claim()

    await expect(first.assertCurrent()).rejects.toEqual(fenced)
    await expect(first.renew()).rejects.toEqual(fenced)
  })

  test('that was fenced can move and remove nothing', async () => {
    const disk = newDisk()
    const storage = disk.open()
    const first = await attemptStore(storage).claim()
    await storage.write('file', [encoder.encode('text')])
    await attemptStore(storage).claim()

    await expect(first.move('file', 'moved')).rejects.toEqual(fenced)
    await expect(first.remove('file')).rejects.toEqual(fenced)

    expect(disk.paths()).toEqual(['attempts/000002/lease.json', 'file'])
  })

  test('moves and removes through its directory', async () => {
    const disk = newDisk()
    const storage = disk.open()
    const attempt = await attemptStore(storage).claim()
    await storage.write('a/file', [encoder.encode('text')])

    await attempt.move('a/file', 'b')
    await attempt.remove('a')
    await attempt.remove('none')

    expect(disk.paths()).toEqual(['attempts/000001/lease.json', 'b'])
    expect(await storage.list('')).toEqual(['attempts', 'b'])
  })

  test('says so when somebody removed what it moves', async () => {
    const attempt = await attemptStore(newDisk().open()).claim()

    await expect(attempt.move('none', 'moved')).rejects.toMatchObject({
      code: 'FLINKTS_STORAGE_FAILED',
      message: "'none' could not be moved in 'simulated disk': it is gone",
    })
  })

  test('is not renewed once it is released', async () => {
    const storage = newDisk().open()
    const store = attemptStore(storage)
    const attempt = await store.claim()

    const both = [attempt.renew(), attempt.release(), attempt.renew()]
    await Promise.all(both)

    expect((await store.newest())?.released).toBe(true)
  })

  test('can be released after it was fenced', async () => {
    const storage = newDisk().open()
    const first = await attemptStore(storage).claim()
    const store = attemptStore(storage)
    await store.claim()

    await first.release()

    expect(await store.newest()).toMatchObject({ attempt: 2, released: false })
  })
})

function elsewhere(probe: ReturnType<FakeMachine['start']>): ReturnType<FakeMachine['start']> {
  return { ...probe, self: { ...probe.self, host: 'host-b', pidSpace: 'b', nonce: 'b' } }
}

async function completeOne(
  storage: Parameters<typeof writeState>[0],
  attempt: Attempt,
): Promise<void> {
  const store = new CheckpointStore(storage, attempt)
  const checkpointId = await store.nextCheckpointId()
  await store.begin(checkpointId)
  await writeState(storage, checkpointId)
  await store.complete(manifestOf(attempt, checkpointId))
}
