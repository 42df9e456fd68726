import { type FlinktsError, toErrorPayload } from '../../src/common/errors.ts'
import type { Scheduler } from '../../src/common/scheduler.ts'
import {
  type DeployedTasks,
  type Deployment,
  type TaskCommand,
  type TaskEvent,
  type TaskExecutor,
  type TaskId,
  taskName,
  tasksOf,
} from '../../src/task/task-protocol.ts'
import { committableOf, subtaskOf } from './fixtures.ts'

const stats = { alignmentMs: 0, syncMs: 0, asyncMs: 0, stallMs: 0 }

/** Tasks that do as they are told: they run, acknowledge, commit and close, unless told not to. */
export class FakeExecutor implements TaskExecutor {
  readonly deployments: Deployment[] = []
  readonly commands: string[] = []
  /** Events that tasks keep to themselves. */
  readonly silent: Set<TaskEvent['type']> = new Set()
  onDeploy: () => void = () => {}
  readonly #scheduler: Scheduler
  #listener: (task: TaskId, event: TaskEvent) => void = () => {}

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  deploy(
    deployment: Deployment,
    listener: (task: TaskId, event: TaskEvent) => void,
  ): DeployedTasks {
    this.onDeploy()
    this.deployments.push(deployment)
    this.#listener = listener
    for (const task of tasksOf(deployment.plan)) this.emit(task, { type: 'running' })
    return {
      send: (task, command) => this.#command(deployment, task, command),
      end: () => Promise.resolve(),
    }
  }

  emit(task: TaskId, event: TaskEvent): void {
    if (this.silent.has(event.type)) return
    this.#scheduler.soon(() => this.#listener(task, event))
  }

  fail(vertexId: string, error: FlinktsError): void {
    this.emit({ vertexId, subtask: 0 }, { type: 'failed', error: toErrorPayload(error) })
  }

  #command(deployment: Deployment, task: TaskId, command: TaskCommand): void {
    this.commands.push(`${taskName(task)} ${command.type}`)
    switch (command.type) {
      case 'trigger-checkpoint':
        return this.#acknowledge(deployment, command.checkpointId)
      case 'checkpoint-completed':
        return this.emit(task, { type: 'committed', checkpointId: command.notice.checkpointId })
      case 'finish':
      case 'cancel':
        return this.emit(task, { type: 'closed' })
      default:
        return undefined
    }
  }

  /** Every sink prepares something that is named after the checkpoint. */
  #acknowledge({ plan }: Deployment, checkpointId: number): void {
    for (const task of tasksOf(plan)) {
      const committables =
        task.vertexId === 'sink' ? [committableOf(checkpointId, `out-${checkpointId}`)] : []
      const states = [subtaskOf(task.vertexId, task.subtask, { committables })]
      this.emit(task, { type: 'checkpoint-acknowledged', checkpointId, states, stats })
    }
  }
}
