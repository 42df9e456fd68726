import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import { checkpointOptions, World } from './job-world.ts'

const broken = new FlinktsError('FLINKTS_TASK_FAILED', 'it broke')

function hasAttempt({ disk }: World, attempt: number): boolean {
  return disk.paths().includes(`attempts/00000${attempt}/lease.json`)
}

describe('a job', () => {
  test('runs until its input has ended and all is committed', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()

    await run.endData()

    expect(run.ended).toBe('finished')
    expect(run.statuses).toEqual(['starting', 'running', 'finished'])
    expect(run.executor.commands.slice(-2)).toEqual(['source-0 finish', 'sink-0 finish'])
    expect(world.scheduler.timerCount).toBe(0)
  })

  test('stops after a checkpoint', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()

    run.master.stop()
    run.master.stop()
    await world.scheduler.settle()

    expect(run.ended).toBe('stopped')
    expect(world.disk.paths()).toContain('chk-000001/manifest.json')
  })

  test('goes on from the newest checkpoint, and commits what it holds first', async () => {
    const world = new World()
    const first = world.start()
    await first.checkpoints(3)
    first.master.stop()
    await world.scheduler.settle()
    world.log.length = 0

    const second = world.start()
    await world.scheduler.settle()

    expect(world.log).toEqual([
      'attempt 2 commits out-4',
      'enumerator of attempt 2 from enumerator 4',
    ])
    expect(second.executor.deployments).toHaveLength(1)
    expect(second.executor.deployments[0]).toMatchObject({ attempt: 2 })
    expect([...(second.executor.deployments[0]?.restored.keys() ?? [])]).toEqual([
      'source-0',
      'sink-0',
    ])
  })

  test('I2: tells sources which checkpoint is the oldest that is retained', async () => {
    const world = new World()
    const run = world.start()

    await run.checkpoints(4)

    expect(world.notices).toEqual([
      { checkpointId: 1, oldestRetainedId: 1 },
      { checkpointId: 2, oldestRetainedId: 1 },
      { checkpointId: 3, oldestRetainedId: 2 },
      { checkpointId: 4, oldestRetainedId: 3 },
    ])
  })

  test('I3: deploys no task before everything restored is committed', async () => {
    const world = new World()
    const first = world.start()
    await first.checkpoints(1)
    first.master.cancel()
    await world.scheduler.settle()
    world.onCommit = () => Promise.resolve({ status: 'retry', cause: 'busy' })

    const second = world.start()
    await world.scheduler.advance(200)
    const whileRefused = second.executor.deployments.length
    world.onCommit = () => Promise.resolve({ status: 'committed' })
    await world.scheduler.advance(1000)

    expect(whileRefused).toBe(0)
    expect(second.executor.deployments).toHaveLength(1)
  })

  test('restores the checkpoint that is asked for, once', async () => {
    const world = new World()
    const first = world.start()
    await first.checkpoints(3)
    first.master.cancel()
    await world.scheduler.settle()
    world.log.length = 0

    const second = world.start({ from: 2 })
    await second.checkpoints(1)
    second.executor.fail('sink', broken)
    await world.scheduler.advance(50)

    expect(world.log).toContain('enumerator of attempt 2 from enumerator 2')
    expect(world.log).toContain('enumerator of attempt 3 from enumerator 4')
  })

  test('begins without state when it is told to, as another lineage, once', async () => {
    const world = new World()
    const first = world.start()
    await first.checkpoints(1)
    first.master.cancel()
    await world.scheduler.settle()
    world.log.length = 0

    const second = world.start({ fresh: true })
    await second.checkpoints(1)
    second.executor.fail('sink', broken)
    await world.scheduler.advance(50)

    const [firstId, secondId, thirdId] = [
      ...first.executor.deployments,
      ...second.executor.deployments,
    ].map(({ jobId }) => jobId)
    expect(world.log[0]).toBe('enumerator of attempt 2 from undefined')
    expect(world.log).toContain('enumerator of attempt 3 from enumerator 2')
    expect(secondId).not.toBe(firstId)
    expect(thirdId).toBe(secondId)
  })
})

describe('a job that fails', () => {
  test('starts again from its last checkpoint, with a higher attempt', async () => {
    const world = new World()
    const run = world.start()
    await run.checkpoints(1)
    world.log.length = 0

    run.executor.fail('sink', broken)
    await world.scheduler.advance(49)
    const waiting = run.executor.deployments.length
    await world.scheduler.advance(1)

    expect(waiting).toBe(1)
    expect(run.statuses).toEqual(['starting', 'running', 'restarting', 'starting', 'running'])
    expect(run.executor.deployments.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(run.executor.commands).toContain('source-0 cancel')
    expect(world.log).toEqual([
      'enumerator of attempt 1 closed',
      'attempt 2 commits out-1',
      'enumerator of attempt 2 from enumerator 1',
    ])
  })

  test('with a failure that no restart can help ends at once', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()
    const fatal = new FlinktsError('FLINKTS_KEY_INVALID', 'no key', { hint: 'Mend it.' })

    run.executor.fail('sink', fatal)
    await world.scheduler.advance(1000)

    expect(run.ended).toMatchObject({ code: 'FLINKTS_KEY_INVALID', hint: 'Mend it.' })
    expect(run.statuses).toEqual(['starting', 'running', 'failed'])
  })

  test('too often ends with the last failure as the cause', async () => {
    const world = new World()
    world.onEnumeratorStart = () => Promise.reject(new Error('no server'))

    const run = world.start()
    await world.scheduler.advance(1000)

    expect(run.executor.deployments).toHaveLength(4)
    expect(run.ended).toMatchObject({
      code: 'FLINKTS_RESTARTS_EXHAUSTED',
      cause: { code: 'FLINKTS_TASK_FAILED', message: 'job "orders" failed: no server' },
    })
  })

  test('reports the first failure: the others follow from it', async () => {
    const world = new World()
    const run = world.start({ restartStrategy: { type: 'none' } })
    await world.scheduler.settle()

    run.executor.fail('source', broken)
    run.executor.fail('sink', new FlinktsError('FLINKTS_KEY_INVALID', 'later'))
    await world.scheduler.settle()

    expect(run.ended).toMatchObject({ message: 'it broke' })
  })

  test('because its tasks cannot be made closes its sources', async () => {
    const world = new World()
    const run = world.start({ restartStrategy: { type: 'none' } })
    run.executor.onDeploy = () => {
      throw new Error('no room')
    }

    await world.scheduler.settle()

    expect(run.ended).toMatchObject({ message: 'job "orders" failed: no room' })
    expect(world.log.at(-1)).toBe('enumerator of attempt 1 closed')
    expect(world.scheduler.timerCount).toBe(0)
  })

  test('waits for tasks to close, but not for ever', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()
    run.executor.silent.add('closed')

    run.executor.fail('sink', broken)
    await world.scheduler.advance(9999)
    const waiting = run.executor.deployments.length
    await world.scheduler.advance(100)

    expect(waiting).toBe(1)
    expect(run.executor.deployments).toHaveLength(2)
  })

  test('I5: ends at once when a later attempt has taken over', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()

    // It slept for longer than its lease.
    world.scheduler.pass(60_000)
    const other = world.start()
    await world.scheduler.settle()
    await world.scheduler.advance(20_000)

    expect(run.ended).toMatchObject({ code: 'FLINKTS_ATTEMPT_FENCED' })
    expect(other.ended).toBe('not ended')
    expect(other.statuses.at(-1)).toBe('running')
  })

  // Found by seeds 9597 and 13366 of the simulation.
  test('I5: restores nothing after a later attempt has started', async () => {
    const world = new World()
    const first = world.start()
    await first.checkpoints(1)
    first.master.cancel()
    await world.scheduler.settle()
    const claimed = Promise.withResolvers<void>()
    // It sleeps when it has claimed its attempt, before it looks for a checkpoint.
    world.onStorage = (operation, path) => {
      if (operation !== 'list' || path !== '' || !hasAttempt(world, 2)) return Promise.resolve()
      world.onStorage = () => Promise.resolve()
      return claimed.promise
    }
    const sleeping = world.start()
    await world.scheduler.settle()
    world.scheduler.pass(60_000)
    const other = world.start()
    await other.checkpoints(2)
    world.log.length = 0

    claimed.resolve()
    await world.scheduler.settle()

    expect(sleeping.ended).toMatchObject({ code: 'FLINKTS_ATTEMPT_FENCED' })
    expect(sleeping.executor.deployments).toHaveLength(0)
    expect(world.log).toEqual([])
    expect(other.ended).toBe('not ended')
  })

  test('is not ended by a lease of an earlier attempt that was renewed too late', async () => {
    const world = new World()
    const run = world.start({ checkpointOptions: { ...checkpointOptions, intervalMs: undefined } })
    const renewal = Promise.withResolvers<void>()
    await world.scheduler.settle()
    world.onStorage = () => {
      world.onStorage = () => Promise.resolve()
      return renewal.promise
    }
    await world.scheduler.advance(5000)

    run.executor.fail('sink', broken)
    await world.scheduler.advance(50)
    renewal.resolve()
    await world.scheduler.settle()

    expect(run.executor.deployments.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(run.ended).toBe('not ended')
  })

  test('refuses to run beside another process that is alive', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()

    const other = world.start()
    await world.scheduler.settle()

    expect(other.ended).toMatchObject({ code: 'FLINKTS_JOB_ALREADY_RUNNING' })
    expect(run.ended).toBe('not ended')
  })
})

describe('a job that is asked to end', () => {
  const requests = ['stop', 'cancel'] as const
  const outcomes = { stop: 'stopped', cancel: 'cancelled' } as const

  test.each(requests)('before it has started ends without a task (%s)', async (request) => {
    const world = new World()
    const run = world.start()

    run.master[request]()
    await world.scheduler.settle()

    expect(run.ended).toBe(outcomes[request])
    expect(run.executor.deployments).toHaveLength(0)
  })

  test.each(requests)('while restored output is committed ends (%s)', async (request) => {
    const world = new World()
    const first = world.start()
    await first.checkpoints(1)
    first.master.cancel()
    await world.scheduler.settle()
    world.onCommit = () => Promise.resolve({ status: 'retry', cause: 'busy' })
    const run = world.start()
    await world.scheduler.settle()

    run.master[request]()
    await world.scheduler.settle()

    expect(run.ended).toBe(outcomes[request])
    expect(run.executor.deployments).toHaveLength(0)
    expect(world.scheduler.timerCount).toBe(0)
  })

  test.each(requests)('while its tasks open ends without a checkpoint (%s)', async (request) => {
    const world = new World()
    const run = world.start()
    run.executor.silent.add('running')
    await world.scheduler.settle()

    run.master[request]()
    await world.scheduler.settle()

    expect(run.ended).toBe(outcomes[request])
    expect(world.disk.paths().filter((path) => path.startsWith('chk-'))).toEqual([])
  })

  test.each(requests)('while its sources start ends without a checkpoint (%s)', async (request) => {
    const world = new World()
    world.onEnumeratorStart = () => new Promise(() => {})
    const run = world.start()
    await world.scheduler.settle()

    run.master[request]()
    await world.scheduler.settle()

    expect(run.ended).toBe(outcomes[request])
    expect(world.log.at(-1)).toBe('enumerator of attempt 1 closed')
  })

  test.each(requests)('while it waits for a restart ends at once (%s)', async (request) => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()
    run.executor.fail('sink', broken)
    await world.scheduler.settle()

    run.master[request]()
    await world.scheduler.settle()

    expect(run.ended).toBe(outcomes[request])
    expect(run.executor.deployments).toHaveLength(1)
  })

  test('is cancelled although it was stopping', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()
    run.executor.silent.add('checkpoint-acknowledged')
    run.master.stop()
    await world.scheduler.settle()
    const stopping = run.ended

    run.master.cancel()
    await world.scheduler.settle()

    expect(stopping).toBe('not ended')
    expect(run.ended).toBe('cancelled')
  })

  test('fails if it cannot be stopped in order: it is not started again', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()
    run.executor.silent.add('checkpoint-acknowledged')
    run.master.stop()
    await world.scheduler.settle()

    run.executor.fail('sink', broken)
    await world.scheduler.advance(1000)

    expect(run.ended).toMatchObject({ code: 'FLINKTS_TASK_FAILED' })
    expect(run.executor.deployments).toHaveLength(1)
  })

  test('lets the next one start without waiting for the lease', async () => {
    const world = new World()
    const run = world.start()
    await world.scheduler.settle()
    run.master.cancel()
    await world.scheduler.settle()

    const next = world.start()
    await world.scheduler.settle()

    expect(next.statuses.at(-1)).toBe('running')
  })
})
