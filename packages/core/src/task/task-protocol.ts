import type { ErrorPayload } from '../common/errors.ts'
import type { CheckpointNotice, SourceEvent } from '../connector/source-event.ts'
import type { ExecutionPlan } from '../graph/execution-plan.ts'
import type { CheckpointKind } from '../network/stream-element.ts'
import type {
  KeyedStateHandle,
  OperatorStateList,
  OperatorSubtaskState,
  StateItem,
} from '../state/operator-state.ts'

/**
 * The messages between the coordinator and the tasks: plain data, so that they may cross threads.
 * Of one sender and receiver they arrive in order. Those of the checkpoint protocol (marked C) may
 * be lost, late or repeated without harm to the result: a lost one costs a checkpoint or delays a
 * commit.
 *
 * @internal
 */
export type TaskCommand =
  /** C: to tasks with a source. Take this checkpoint now. */
  | {
      readonly type: 'trigger-checkpoint'
      readonly checkpointId: number
      readonly kind: CheckpointKind
    }
  /** C: give up what is still being written for this checkpoint. */
  | { readonly type: 'abort-checkpoint'; readonly checkpointId: number }
  /** C: the checkpoint exists: commit, acknowledge upstream. */
  | { readonly type: 'checkpoint-completed'; readonly notice: CheckpointNotice }
  | { readonly type: 'splits-assigned'; readonly splits: readonly StateItem[] }
  | { readonly type: 'no-more-splits' }
  /**
   * To the tasks of an alignment group: splits beyond it pause. Repeated all the time, so each of
   * them may be lost.
   */
  | { readonly type: 'watermark-limit'; readonly limit: number }
  | { readonly type: 'source-event'; readonly event: SourceEvent }
  /** Close in order: everything was committed. */
  | { readonly type: 'finish' }
  /** Stop at once, wherever it is. */
  | { readonly type: 'cancel' }

/** How long the parts of a task's checkpoint took, in milliseconds. @internal */
export interface TaskCheckpointStats {
  readonly alignmentMs: number
  readonly syncMs: number
  readonly asyncMs: number
  /** The longest piece of work that kept the task from its records. */
  readonly stallMs: number
}

/** @internal */
export type TaskEvent =
  /** Open, and its state is restored. */
  | { readonly type: 'running' }
  /** C: everything of this task for the checkpoint is durable. */
  | {
      readonly type: 'checkpoint-acknowledged'
      readonly checkpointId: number
      readonly states: readonly OperatorSubtaskState[]
      readonly stats: TaskCheckpointStats
    }
  /** C: the checkpoint cannot be taken; the task goes on. */
  | {
      readonly type: 'checkpoint-declined'
      readonly checkpointId: number
      readonly error: ErrorPayload
    }
  /** C: everything up to this checkpoint is committed. */
  | { readonly type: 'committed'; readonly checkpointId: number }
  /** Every input has ended; the task lives on for checkpoints. */
  | { readonly type: 'data-ended' }
  | { readonly type: 'split-requested' }
  /** Where a source of an alignment group is. Repeated all the time, so each may be lost. */
  | { readonly type: 'watermark-reported'; readonly watermark: number }
  | { readonly type: 'source-event'; readonly event: SourceEvent }
  | { readonly type: 'failed'; readonly error: ErrorPayload }
  /** The last event of a task: everything it opened is closed. */
  | { readonly type: 'closed' }

/** A subtask of a vertex. @internal */
export interface TaskId {
  readonly vertexId: string
  readonly subtask: number
}

/** What a task starts from: for each operator of its chain that has state. @internal */
export interface RestoredOperatorState {
  readonly operatorId: string
  readonly lists: readonly OperatorStateList[]
  /** Files that hold entries of the task's key groups, and maybe others. */
  readonly keyed: readonly KeyedStateHandle[]
}

/** One attempt of a job, to be run. @internal */
export interface Deployment {
  readonly plan: ExecutionPlan
  readonly jobId: string
  readonly attempt: number
  /** What each task restores, by `taskName`; tasks that start empty are absent. */
  readonly restored: ReadonlyMap<string, readonly RestoredOperatorState[]>
}

/** A deployed attempt. @internal */
export interface DeployedTasks {
  /** Of a task that has closed, or that has ended, nothing happens. */
  send(task: TaskId, command: TaskCommand): void
  /**
   * Ends the threads of the tasks, also of those that did not close; resolves when none of them
   * runs any more. Called once, after the last command.
   */
  end(): Promise<void>
}

/**
 * Runs the tasks of an attempt, wherever they run. Events come on the coordinator's thread, never
 * inside a call to `deploy` or `send`.
 *
 * @internal
 */
export interface TaskExecutor {
  deploy(deployment: Deployment, listener: (task: TaskId, event: TaskEvent) => void): DeployedTasks
}

/** A name for logs and maps. @internal */
export function taskName(task: TaskId): string {
  return `${task.vertexId}-${task.subtask}`
}

/** All subtasks of the plan. @internal */
export function tasksOf(plan: ExecutionPlan): readonly TaskId[] {
  return plan.vertices.flatMap(({ vertexId, parallelism }) =>
    Array.from({ length: parallelism }, (_, subtask) => ({ vertexId, subtask })),
  )
}
