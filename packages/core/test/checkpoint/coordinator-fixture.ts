import {
  CheckpointCoordinator,
  type CheckpointOptions,
  type CheckpointParts,
} from '../../src/checkpoint/checkpoint-coordinator.ts'
import { type FlinktsError, toErrorPayload } from '../../src/common/errors.ts'
import { silentLogger } from '../../src/common/logger.ts'
import { MetricRegistry } from '../../src/common/metric-registry.ts'
import type { CheckpointNotice } from '../../src/connector/source-event.ts'
import type { OperatorSubtaskState } from '../../src/state/operator-state.ts'
import type { TaskCheckpointStats, TaskCommand, TaskId } from '../../src/task/task-protocol.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'

export const source: TaskId = { vertexId: 'source', subtask: 0 }
export const sink: TaskId = { vertexId: 'sink', subtask: 0 }
export const tasks: readonly TaskId[] = [source, sink]
export const stats: TaskCheckpointStats = {
  alignmentMs: 1,
  syncMs: 2,
  asyncMs: 3,
  stallMs: 4,
}

/** A quarter of the interval. */
export const firstTriggerMs = 25

const options: CheckpointOptions = {
  intervalMs: 100,
  minPauseMs: 0,
  timeoutMs: 1000,
  tolerableFailures: 1,
}

/** A coordinator of a source and a sink, and what it does. */
export class CoordinatorFixture {
  readonly scheduler: ManualScheduler = new ManualScheduler()
  readonly log: string[] = []
  readonly completed: CheckpointParts[] = []
  readonly notices: CheckpointNotice[] = []
  readonly metrics: MetricRegistry = new MetricRegistry()
  readonly coordinator: CheckpointCoordinator
  onBegin: () => Promise<void> = () => Promise.resolve()
  onComplete: () => Promise<void> = () => Promise.resolve()
  onDiscard: () => Promise<boolean> = () => Promise.resolve(true)
  /** How `run` ended. */
  ended: unknown = 'not ended'

  constructor(changed: Partial<CheckpointOptions> = {}) {
    this.coordinator = new CheckpointCoordinator({
      tasks,
      sourceTasks: [source],
      firstCheckpointId: 7,
      options: { ...options, ...changed },
      sink: {
        begin: async (checkpointId) => {
          this.log.push(`begin ${checkpointId}`)
          await this.onBegin()
        },
        complete: async (checkpointId, parts) => {
          this.log.push(`complete ${checkpointId}`)
          this.completed.push(parts)
          await this.onComplete()
          return { checkpointId, oldestRetainedId: checkpointId - 1 }
        },
        discard: (checkpointId) => {
          this.log.push(`discard ${checkpointId}`)
          return this.onDiscard()
        },
      },
      snapshotEnumerators: (checkpointId) => {
        this.log.push(`enumerators ${checkpointId}`)
        return new Map([['source', { version: 1, bytes: new Uint8Array([checkpointId]) }]])
      },
      send: (task, command) => void this.log.push(`${task.vertexId} ${describeCommand(command)}`),
      onCompleted: (notice) => void this.notices.push(notice),
      clock: this.scheduler,
      scheduler: this.scheduler,
      logger: silentLogger,
      metrics: this.metrics,
    })
  }

  async start(): Promise<void> {
    this.coordinator.run().then(
      (kind) => {
        this.ended = kind
      },
      (cause: unknown) => {
        this.ended = cause
      },
    )
    await this.scheduler.settle()
  }

  async acknowledge(checkpointId: number, ...from: readonly TaskId[]): Promise<void> {
    for (const task of from.length === 0 ? tasks : from) {
      const states = [{ operatorId: task.vertexId, subtask: 0, ...emptyState }]
      const event = { type: 'checkpoint-acknowledged', checkpointId, states, stats } as const
      this.coordinator.handle(task, event)
    }
    await this.scheduler.settle()
  }

  async decline(checkpointId: number, error: FlinktsError): Promise<void> {
    const payload = toErrorPayload(error)
    this.coordinator.handle(sink, { type: 'checkpoint-declined', checkpointId, error: payload })
    await this.scheduler.settle()
  }

  async confirm(checkpointId: number, ...from: readonly TaskId[]): Promise<void> {
    for (const task of from) this.coordinator.handle(task, { type: 'committed', checkpointId })
    await this.scheduler.settle()
  }

  /** What happened since the last call. */
  taken(): readonly string[] {
    return this.log.splice(0)
  }
}

export const emptyState: Omit<OperatorSubtaskState, 'operatorId' | 'subtask'> = {
  lists: [],
  committables: [],
  keyed: undefined,
}

function describeCommand(command: TaskCommand): string {
  switch (command.type) {
    case 'trigger-checkpoint':
      return `trigger ${command.checkpointId} ${command.kind}`
    case 'abort-checkpoint':
      return `abort ${command.checkpointId}`
    case 'checkpoint-completed':
      return `completed ${command.notice.checkpointId}`
    default:
      return command.type
  }
}

/** One that has just triggered checkpoint 7. */
export async function triggered(
  changed: Partial<CheckpointOptions> = {},
): Promise<CoordinatorFixture> {
  const fixture = new CoordinatorFixture(changed)
  await fixture.start()
  await fixture.scheduler.advance(firstTriggerMs)
  fixture.taken()
  return fixture
}
