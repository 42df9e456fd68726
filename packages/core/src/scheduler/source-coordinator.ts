import { unreachable } from '../common/assert.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import type { Source } from '../connector/source.ts'
import type { SourceSplit } from '../connector/source-split.ts'
import type { SplitEnumerator, SplitEnumeratorContext } from '../connector/split-enumerator.ts'
import type { ConnectorContext } from '../connector/context.ts'
import type { StateItem } from '../state/operator-state.ts'
import type { TaskCommand, TaskEvent } from '../task/task-protocol.ts'

/** The events of a source's reader. @internal */
export type ReaderEvent = Extract<
  TaskEvent,
  { readonly type: 'split-requested' } | { readonly type: 'source-event' }
>

/** @internal */
export interface SourceCoordinatorParts {
  readonly source: Source<unknown>
  readonly context: ConnectorContext
  readonly parallelism: number
  /** The enumerator's state in the restored checkpoint. */
  readonly restored: StateItem | undefined
  /** What each reader brings from the checkpoint, by subtask. */
  readonly restoredSplits: readonly (readonly StateItem[])[]
  readonly send: (subtask: number, command: TaskCommand) => void
  readonly fail: (cause: unknown) => void
}

/**
 * The enumerator of a source, connected to its readers. Runs on the coordinator's thread.
 *
 * @internal
 */
export class SourceCoordinator {
  readonly #parts: SourceCoordinatorParts
  readonly #enumerator: SplitEnumerator<SourceSplit, unknown>
  /** Events that came before the enumerator had started. */
  #early: { readonly subtask: number; readonly event: ReaderEvent }[] | undefined = []
  #closed = false

  constructor(parts: SourceCoordinatorParts) {
    this.#parts = parts
    const { source, restored } = parts
    const state =
      restored === undefined
        ? undefined
        : source.enumeratorStateSerializer.deserialize(restored.version, restored.bytes)
    this.#enumerator = source.createEnumerator(this.#context(), state)
  }

  /** Starts the enumerator, and introduces the readers to it. */
  async start(): Promise<void> {
    await this.#enumerator.start()
    if (this.#closed) return
    const { source, parallelism, restoredSplits } = this.#parts
    for (let subtask = 0; subtask < parallelism; subtask += 1) {
      const splits = (restoredSplits[subtask] ?? []).map((item) =>
        source.splitSerializer.deserialize(item.version, item.bytes),
      )
      this.#enumerator.addReader(subtask, splits)
    }
    const early = this.#early ?? []
    this.#early = undefined
    for (const { subtask, event } of early) this.#handle(subtask, event)
  }

  /** Passes an event of a reader on, in order. A throwing enumerator fails the job. */
  handle(subtask: number, event: ReaderEvent): void {
    if (this.#closed) return
    if (this.#early !== undefined) {
      this.#early.push({ subtask, event })
      return
    }
    try {
      this.#handle(subtask, event)
    } catch (cause) {
      this.#parts.fail(cause)
    }
  }

  snapshot(checkpointId: number): StateItem {
    const serializer = this.#parts.source.enumeratorStateSerializer
    const state = this.#enumerator.snapshotState(checkpointId)
    return { version: serializer.version, bytes: serializer.serialize(state) }
  }

  checkpointCompleted(notice: CheckpointNotice): void {
    this.#enumerator.notifyCheckpointComplete?.(notice)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#enumerator.close()
  }

  #handle(subtask: number, event: ReaderEvent): void {
    switch (event.type) {
      case 'split-requested':
        return this.#enumerator.handleSplitRequest(subtask)
      case 'source-event':
        return this.#enumerator.handleSourceEvent?.(subtask, event.event)
      default:
        return unreachable(event)
    }
  }

  #context(): SplitEnumeratorContext<SourceSplit> {
    const { source, context, parallelism, fail } = this.#parts
    const send = (subtask: number, command: TaskCommand): void => {
      if (!this.#closed) this.#parts.send(subtask, command)
    }
    return {
      ...context,
      parallelism,
      assignSplit: (split, subtask) => {
        const { version } = source.splitSerializer
        const bytes = source.splitSerializer.serialize(split)
        send(subtask, { type: 'splits-assigned', splits: [{ version, bytes }] })
      },
      signalNoMoreSplits: (subtask) => send(subtask, { type: 'no-more-splits' }),
      sendSourceEvent: (subtask, event) => send(subtask, { type: 'source-event', event }),
      fail: (cause) => {
        if (!this.#closed) fail(cause)
      },
    }
  }
}
