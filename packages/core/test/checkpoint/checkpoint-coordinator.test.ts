import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import {
  CoordinatorFixture,
  emptyState,
  firstTriggerMs,
  sink,
  source,
  stats,
  tasks,
  triggered,
} from './coordinator-fixture.ts'

const noSpace = new FlinktsError('FLINKTS_STORAGE_FULL', 'no space is left', { hint: 'Free some.' })

describe('the checkpoint coordinator', () => {
  test('takes the id, then snapshots enumerators and triggers sources in one step', async () => {
    const fixture = new CoordinatorFixture()
    const begun = Promise.withResolvers<void>()
    fixture.onBegin = () => begun.promise
    await fixture.start()
    await fixture.scheduler.advance(firstTriggerMs - 1)
    const early = fixture.taken()

    await fixture.scheduler.advance(1)
    const beforeTheId = fixture.taken()
    begun.resolve()
    await fixture.scheduler.settle()

    expect(early).toEqual([])
    expect(beforeTheId).toEqual(['begin 7'])
    expect(fixture.taken()).toEqual(['enumerators 7', 'source trigger 7 periodic'])
  })

  // In Flink a committer may get committables of a checkpoint in parts, and refuses an incomplete
  // batch. Here they come with the acknowledgement of their task, and nobody commits before all.
  test('C38: exists once every task has acknowledged it, which all are then told', async () => {
    const fixture = await triggered()

    await fixture.acknowledge(7, source)
    const afterOne = fixture.taken()
    await fixture.acknowledge(7, sink)

    expect(afterOne).toEqual([])
    expect(fixture.taken()).toEqual(['complete 7', 'source completed 7', 'sink completed 7'])
    expect(fixture.completed[0]).toEqual({
      kind: 'periodic',
      states: tasks.map(({ vertexId }) => ({ operatorId: vertexId, subtask: 0, ...emptyState })),
      enumerators: new Map([['source', { version: 1, bytes: new Uint8Array([7]) }]]),
    })
    expect(fixture.notices).toEqual([{ checkpointId: 7, oldestRetainedId: 6 }])
  })

  test('I1: tells nobody before the checkpoint exists', async () => {
    const fixture = await triggered()
    const written = Promise.withResolvers<void>()
    fixture.onComplete = () => written.promise

    await fixture.acknowledge(7)
    const writing = fixture.taken()
    written.resolve()
    await fixture.scheduler.settle()

    expect(writing).toEqual(['complete 7'])
    expect(fixture.taken()).toEqual(['source completed 7', 'sink completed 7'])
  })

  test('counts a task once, however often it acknowledges', async () => {
    const fixture = await triggered()

    await fixture.acknowledge(7, source, source, source)

    expect(fixture.taken()).toEqual([])
  })

  test('ignores what comes too late, or for another checkpoint', async () => {
    const fixture = await triggered()

    await fixture.acknowledge(6)
    await fixture.decline(8, noSpace)
    const others = fixture.taken()
    await fixture.acknowledge(7)
    fixture.taken()
    await fixture.acknowledge(7)
    await fixture.decline(7, noSpace)

    expect(others).toEqual([])
    expect(fixture.taken()).toEqual([])
    expect(fixture.ended).toBe('not ended')
  })

  test('takes the next one after the interval, and one at a time', async () => {
    const fixture = await triggered()

    await fixture.scheduler.advance(500)
    const whilePending = fixture.taken()
    await fixture.acknowledge(7)
    await fixture.scheduler.settle()

    expect(whilePending).toEqual([])
    expect(fixture.taken()).toContain('source trigger 8 periodic')
  })

  test('pauses between the end of one and the next', async () => {
    const fixture = await triggered({ minPauseMs: 40 })
    await fixture.scheduler.advance(90)
    await fixture.acknowledge(7)
    fixture.taken()

    await fixture.scheduler.advance(39)
    const early = fixture.taken()
    await fixture.scheduler.advance(1)

    expect(early).toEqual([])
    expect(fixture.taken()).toContain('begin 8')
  })

  test('takes none but the last without an interval', async () => {
    const fixture = new CoordinatorFixture({ intervalMs: undefined })
    await fixture.start()
    await fixture.scheduler.advance(1_000_000)
    const before = fixture.taken()

    fixture.coordinator.requestLast('final')
    await fixture.scheduler.settle()

    expect(before).toEqual([])
    expect(fixture.taken()).toContain('source trigger 7 final')
  })

  test('reports how a checkpoint went', async () => {
    const fixture = await triggered()
    await fixture.scheduler.advance(30)

    await fixture.acknowledge(7)

    const { lastCheckpoint, completedCheckpoints } = fixture.metrics.collect()
    expect(completedCheckpoints).toBe(1)
    expect(lastCheckpoint).toEqual({
      checkpointId: 7,
      status: 'completed',
      durationMs: 30,
      ...stats,
      stateBytes: 0,
    })
  })
})

describe('a checkpoint that fails', () => {
  test('because it is too slow is given up everywhere, and the next one is taken', async () => {
    const fixture = await triggered()
    await fixture.acknowledge(7, source)

    await fixture.scheduler.advance(1000)

    expect(fixture.taken()).toEqual([
      'source abort 7',
      'sink abort 7',
      'discard 7',
      'begin 8',
      'enumerators 8',
      'source trigger 8 periodic',
    ])
    expect(fixture.metrics.collect().failedCheckpoints).toBe(1)
  })

  test('because a task declines it is given up at once', async () => {
    const fixture = await triggered()

    await fixture.decline(7, noSpace)

    expect(fixture.taken()).toEqual(['source abort 7', 'sink abort 7', 'discard 7'])
    expect(fixture.ended).toBe('not ended')
  })

  test('too often in a row fails the job, with the last reason', async () => {
    const fixture = await triggered()
    await fixture.decline(7, noSpace)

    await fixture.scheduler.advance(100)
    await fixture.decline(8, noSpace)

    expect(fixture.ended).toMatchObject({
      code: 'FLINKTS_CHECKPOINT_DECLINED',
      message: 'checkpoint 8 failed in task "sink-0": no space is left',
      hint: 'Free some.',
      retryable: true,
      cause: { code: 'FLINKTS_STORAGE_FULL' },
    })
  })

  test('for a reason that a restart cannot help fails the job for good', async () => {
    const fixture = await triggered({ tolerableFailures: 0 })

    await fixture.decline(7, new FlinktsError('FLINKTS_STATE_UNSERIALIZABLE', 'a function'))

    expect(fixture.ended).toMatchObject({
      code: 'FLINKTS_STATE_UNSERIALIZABLE',
      message: 'checkpoint 7 failed in task "sink-0": a function',
      retryable: false,
    })
  })

  test('names the tasks that were too slow', async () => {
    const fixture = await triggered({ tolerableFailures: 0 })
    await fixture.acknowledge(7, source)

    await fixture.scheduler.advance(1000)

    expect(fixture.ended).toMatchObject({
      code: 'FLINKTS_CHECKPOINT_EXPIRED',
      message: 'checkpoint 7 was not acknowledged within 1000 ms by sink-0',
    })
  })

  test('counts anew after one that completed', async () => {
    const fixture = await triggered()
    await fixture.decline(7, noSpace)
    await fixture.scheduler.advance(100)
    await fixture.acknowledge(8)
    await fixture.scheduler.advance(100)

    await fixture.decline(9, noSpace)

    expect(fixture.ended).toBe('not ended')
  })

  test('because its id could not be taken triggers nobody', async () => {
    const fixture = new CoordinatorFixture()
    fixture.onBegin = () => Promise.reject(noSpace)
    await fixture.start()

    await fixture.scheduler.advance(100)

    expect(fixture.taken()).toEqual(['begin 7'])
    expect(fixture.metrics.collect().failedCheckpoints).toBe(1)
  })

  test('because a later attempt has started fails the job at once', async () => {
    const fixture = await triggered()
    fixture.onComplete = () => Promise.reject(new FlinktsError('FLINKTS_ATTEMPT_FENCED', 'late'))

    await fixture.acknowledge(7)

    expect(fixture.ended).toMatchObject({ code: 'FLINKTS_ATTEMPT_FENCED' })
  })

  // It may exist, and not be durable: what it holds goes out with the next one.
  test.each([
    ['is given up', (): Promise<boolean> => Promise.resolve(true)],
    ['turns out to exist', (): Promise<boolean> => Promise.resolve(false)],
    ['cannot even be looked at', (): Promise<boolean> => Promise.reject(noSpace)],
  ])('while its manifest is written is told to nobody, if it %s', async (_fate, discard) => {
    const fixture = await triggered()
    fixture.onComplete = () => Promise.reject(noSpace)
    fixture.onDiscard = discard

    await fixture.acknowledge(7)
    const failed = fixture.taken()
    fixture.onComplete = () => Promise.resolve()
    await fixture.scheduler.advance(100)
    await fixture.acknowledge(8)

    expect(failed).toEqual(['complete 7', 'discard 7'])
    expect(fixture.notices).toEqual([{ checkpointId: 8, oldestRetainedId: 7 }])
  })
})

describe('the last checkpoint of a job', () => {
  test.each(['final', 'stop'] as const)(
    '%s ends the run when every task has committed',
    async (kind) => {
      const fixture = new CoordinatorFixture()
      await fixture.start()
      fixture.coordinator.requestLast(kind)
      await fixture.scheduler.settle()
      await fixture.acknowledge(7)

      await fixture.confirm(7, source)
      const oneMissing = fixture.ended
      await fixture.confirm(7, sink)

      expect(oneMissing).toBe('not ended')
      expect(fixture.ended).toBe(kind)
    },
  )

  test('is told again to tasks that have not confirmed, until they do', async () => {
    const fixture = new CoordinatorFixture()
    await fixture.start()
    fixture.coordinator.requestLast('final')
    await fixture.scheduler.settle()
    await fixture.acknowledge(7)
    await fixture.confirm(7, source)
    fixture.taken()

    await fixture.scheduler.advance(2000)
    const told = fixture.taken()
    await fixture.confirm(7, sink)

    expect(told).toEqual(['sink completed 7', 'sink completed 7'])
    expect(fixture.ended).toBe('final')
  })

  // Found by seed 2217 of the simulation, which asked for the stop at every step.
  test('is told again in time whatever else happens meanwhile', async () => {
    const fixture = new CoordinatorFixture()
    await fixture.start()
    fixture.coordinator.requestLast('stop')
    await fixture.scheduler.settle()
    await fixture.acknowledge(7)
    fixture.taken()

    for (let passedMs = 0; passedMs < 1000; passedMs += 100) {
      fixture.coordinator.requestLast('stop')
      await fixture.confirm(6, sink)
      await fixture.scheduler.advance(100)
    }

    expect(fixture.taken()).toEqual(['source completed 7', 'sink completed 7'])
  })

  test('is tried again when it fails', async () => {
    const fixture = new CoordinatorFixture()
    await fixture.start()
    fixture.coordinator.requestLast('stop')
    await fixture.scheduler.settle()

    await fixture.decline(7, noSpace)

    expect(fixture.taken()).toContain('source trigger 8 stop')
  })

  test('follows the checkpoint that is under way', async () => {
    const fixture = await triggered()

    fixture.coordinator.requestLast('stop')
    await fixture.scheduler.settle()
    const during = fixture.taken()
    await fixture.acknowledge(7)

    expect(during).toEqual([])
    expect(fixture.taken()).toContain('source trigger 8 stop')
  })

  test('is a stop if both were asked for', async () => {
    const fixture = await triggered()
    fixture.coordinator.requestLast('stop')
    fixture.coordinator.requestLast('final')

    await fixture.acknowledge(7)

    expect(fixture.taken()).toContain('source trigger 8 stop')
  })
})

describe('a cancelled run', () => {
  const moments: Record<string, (fixture: CoordinatorFixture) => Promise<void>> = {
    'while it waits': () => Promise.resolve(),
    'while an id is taken': async ({ scheduler }) => scheduler.advance(100),
    'while tasks work on a checkpoint': async (fixture) => {
      fixture.onBegin = () => Promise.resolve()
      await fixture.scheduler.advance(100)
    },
    'while commits are confirmed': async (fixture) => {
      fixture.onBegin = () => Promise.resolve()
      fixture.coordinator.requestLast('final')
      await fixture.scheduler.settle()
      await fixture.acknowledge(7)
    },
  }

  test.each(Object.entries(moments))('%s ends without a further command', async (_when, arrive) => {
    const fixture = new CoordinatorFixture()
    const begun = Promise.withResolvers<void>()
    fixture.onBegin = () => begun.promise
    await fixture.start()
    await arrive(fixture)
    fixture.taken()

    fixture.coordinator.cancel()
    fixture.coordinator.cancel()
    begun.resolve()
    await fixture.scheduler.settle()

    expect(fixture.ended).toBe('cancelled')
    expect(fixture.taken()).toEqual([])
    expect(fixture.scheduler.timerCount).toBe(0)
  })
})
