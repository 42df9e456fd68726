import { describe, expect, test } from 'vitest'
import { WatermarkAlignment } from '../../src/scheduler/watermark-alignment.ts'
import type { TaskId } from '../../src/task/task-protocol.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import type { AlignmentSettings } from '../../src/time/watermark-strategy.ts'

const fast: TaskId = { vertexId: 'fast', subtask: 0 }
const slow: TaskId = { vertexId: 'slow', subtask: 0 }
const alone: TaskId = { vertexId: 'alone', subtask: 0 }
const tasks: readonly TaskId[] = [fast, slow, { ...slow, subtask: 1 }, alone]

function settingsOf(group: string, maxDriftMs: number): AlignmentSettings {
  return { group, maxDriftMs, updateIntervalMs: 1000 }
}

function startAlignment(): {
  alignment: WatermarkAlignment
  scheduler: ManualScheduler
  /** What was sent in the last second, by task. */
  nextLimits: () => Promise<Record<string, number>>
} {
  const scheduler = new ManualScheduler()
  let sent: Record<string, number> = {}
  const alignment = new WatermarkAlignment({
    sources: new Map([
      ['fast', settingsOf('both', 100)],
      ['slow', settingsOf('both', 10)],
      ['alone', settingsOf('one', 5)],
    ]),
    tasks: [...tasks, { vertexId: 'sink', subtask: 0 }],
    send: ({ vertexId, subtask }, command) => {
      if (command.type === 'watermark-limit') sent[`${vertexId}-${subtask}`] = command.limit
    },
    scheduler,
  })
  alignment.start()
  const nextLimits = async (): Promise<Record<string, number>> => {
    sent = {}
    await scheduler.advance(1000)
    return sent
  }
  return { alignment, scheduler, nextLimits }
}

describe('the alignment of watermarks', () => {
  test('tells every subtask of a group its minimum plus the drift of the source', async () => {
    const { alignment, nextLimits } = startAlignment()
    alignment.report(fast, 500)
    alignment.report(slow, 200)
    alignment.report(alone, 7)

    const limits = await nextLimits()

    expect(limits).toEqual({ 'fast-0': 300, 'slow-0': 210, 'slow-1': 210, 'alone-0': 12 })
  })

  test('limits nobody before somebody has reported', async () => {
    const { nextLimits } = startAlignment()

    expect(Object.values(await nextLimits())).toEqual([Infinity, Infinity, Infinity, Infinity])
  })

  test('says it again: a message that was lost costs an interval', async () => {
    const { alignment, nextLimits } = startAlignment()
    alignment.report(slow, 200)

    const first = await nextLimits()

    expect(await nextLimits()).toEqual(first)
  })

  test('follows whoever goes on, and forgets whoever is at the end of time', async () => {
    const { alignment, nextLimits } = startAlignment()
    alignment.report(slow, 200)
    alignment.report(fast, 500)

    alignment.report(slow, Infinity)

    expect(await nextLimits()).toMatchObject({ 'fast-0': 600, 'slow-0': 510 })
  })

  test('hears nobody who is in no group', async () => {
    const { alignment, nextLimits } = startAlignment()

    alignment.report({ vertexId: 'sink', subtask: 0 }, 1)

    expect(await nextLimits()).toMatchObject({ 'fast-0': Infinity })
  })

  test('is silent after it is closed', async () => {
    const { alignment, scheduler, nextLimits } = startAlignment()

    alignment.close()

    expect(scheduler.timerCount).toBe(0)
    expect(await nextLimits()).toEqual({})
  })
})
