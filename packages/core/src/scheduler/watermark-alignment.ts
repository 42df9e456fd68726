import type { Cancellable, Scheduler } from '../common/scheduler.ts'
import type { StreamGraph } from '../graph/stream-node.ts'
import { type TaskCommand, type TaskId, taskName } from '../task/task-protocol.ts'
import type { AlignmentSettings } from '../time/watermark-strategy.ts'

/** @internal */
export interface WatermarkAlignmentParts {
  /** By operator id. */
  readonly sources: ReadonlyMap<string, AlignmentSettings>
  /** All tasks of the job. */
  readonly tasks: readonly TaskId[]
  readonly send: (task: TaskId, command: TaskCommand) => void
  readonly scheduler: Scheduler
}

/**
 * The alignment groups of an attempt: collects where the subtasks are, and tells all of them, every
 * one and again and again, how far they may go: the minimum of the group plus the drift. Who has
 * not reported yet holds nobody back. (Flink: SourceCoordinator.) Runs on the coordinator's thread.
 *
 * @internal
 */
export class WatermarkAlignment {
  readonly #parts: WatermarkAlignmentParts
  /** By group, and there by `taskName`. */
  readonly #reports = new Map<string, Map<string, number>>()
  readonly #timers = new Map<string, Cancellable>()
  #closed = false

  constructor(parts: WatermarkAlignmentParts) {
    this.#parts = parts
  }

  start(): void {
    for (const [operatorId, settings] of this.#parts.sources) this.#later(operatorId, settings)
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers.values()) timer.cancel()
  }

  report(task: TaskId, watermark: number): void {
    const group = this.#parts.sources.get(task.vertexId)?.group
    if (group === undefined) return
    const reports = this.#reports.get(group) ?? new Map<string, number>()
    this.#reports.set(group, reports)
    reports.set(taskName(task), watermark)
  }

  #later(operatorId: string, settings: AlignmentSettings): void {
    const { scheduler, tasks, send } = this.#parts
    const announce = (): void => {
      if (this.#closed) return
      const reports = this.#reports.get(settings.group)?.values() ?? []
      const limit = Math.min(...reports) + settings.maxDriftMs
      for (const task of tasks) {
        if (task.vertexId === operatorId) send(task, { type: 'watermark-limit', limit })
      }
      this.#later(operatorId, settings)
    }
    this.#timers.set(operatorId, scheduler.after(settings.updateIntervalMs, announce))
  }
}

/** The alignment of every source that has one, by operator id. @internal */
export function alignmentsOf(graph: StreamGraph): ReadonlyMap<string, AlignmentSettings> {
  return new Map(
    graph.nodes.flatMap(({ operatorId, operation }) => {
      const alignment =
        operation.type === 'source' ? operation.time.watermarks?.alignment : undefined
      return alignment === undefined ? [] : [[operatorId, alignment] as const]
    }),
  )
}
