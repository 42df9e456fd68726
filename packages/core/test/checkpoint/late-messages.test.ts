import { expect, test } from 'vitest'
import { CheckpointCoordinator } from '../../src/checkpoint/checkpoint-coordinator.ts'
import { FlinktsError, toErrorPayload } from '../../src/common/errors.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import type { TaskId } from '../../src/task/task-protocol.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'

const task: TaskId = { vertexId: 'source', subtask: 0 }
const stats = { alignmentMs: 0, syncMs: 0, asyncMs: 0, stallMs: 0 }
const timeoutMs = 1000

/** A coordinator whose checkpoint 7 has expired, and whose checkpoint 8 is under way. */
async function afterExpiry(): Promise<{
  readonly coordinator: CheckpointCoordinator
  readonly completed: readonly number[]
  readonly settle: () => Promise<void>
}> {
  const scheduler = new ManualScheduler()
  const completed: number[] = []
  const coordinator = new CheckpointCoordinator({
    tasks: [task],
    sourceTasks: [task],
    firstCheckpointId: 7,
    options: { intervalMs: 100, minPauseMs: 0, timeoutMs, tolerableFailures: 1 },
    sink: {
      begin: () => Promise.resolve(),
      complete: (checkpointId) => {
        completed.push(checkpointId)
        return Promise.resolve({ checkpointId, oldestRetainedId: checkpointId })
      },
      discard: () => Promise.resolve(),
    },
    snapshotEnumerators: () => new Map(),
    send: () => {},
    onCompleted: () => {},
    clock: scheduler,
    scheduler,
    logger: silentLogger,
    metrics: new MetricRegistry(),
  })
  void coordinator.run()
  await scheduler.settle()
  await scheduler.advance(100)
  await scheduler.advance(timeoutMs)
  return { coordinator, completed, settle: () => scheduler.settle() }
}

test('an acknowledgement that comes after the expiry does not count for the next one', async () => {
  const { coordinator, completed, settle } = await afterExpiry()
  const acknowledged = { type: 'checkpoint-acknowledged', states: [], stats } as const

  coordinator.handle(task, { ...acknowledged, checkpointId: 7 })
  await settle()
  expect(completed).toEqual([])

  coordinator.handle(task, { ...acknowledged, checkpointId: 8 })
  await settle()
  expect(completed).toEqual([8])
})

test('a refusal that comes after the expiry does not fail the next one', async () => {
  const { coordinator, completed, settle } = await afterExpiry()
  const error = toErrorPayload(new FlinktsError('FLINKTS_STORAGE_FULL', 'no space is left'))

  coordinator.handle(task, { type: 'checkpoint-declined', checkpointId: 7, error })
  await settle()
  coordinator.handle(task, {
    type: 'checkpoint-acknowledged',
    checkpointId: 8,
    states: [],
    stats,
  })
  await settle()

  expect(completed).toEqual([8])
})
