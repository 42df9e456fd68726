import type { Committer } from '../connector/committer.ts'
import type { SubtaskContext } from '../connector/context.ts'
import type { SinkWriter } from '../connector/sink-writer.ts'
import type { Sink } from '../connector/sink.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import { assert, defined } from '../common/assert.ts'
import type { Counter } from '../common/metrics.ts'
import type { FlowControl } from '../network/flow-control.ts'
import { noTimestamp, type CheckpointBarrier } from '../network/stream-element.ts'
import type { CommittableItem, OperatorSubtaskState, StateItem } from '../state/operator-state.ts'
import { commitAll } from './commit.ts'
import type { Operator, OperatorSnapshot } from './operator.ts'

/** What was prepared at a barrier and is not yet known to be committed. */
interface Prepared {
  readonly checkpointId: number
  readonly committables: Promise<readonly unknown[]>
}

class RecordContext {
  timestamp: number | undefined
}

/** @internal */
export interface SinkOperatorParts {
  readonly sink: Sink<unknown>
  readonly context: SubtaskContext
  readonly restored: readonly StateItem[]
  readonly flow: FlowControl
  /** Aborted when the task closes. */
  readonly signal: AbortSignal
}

/**
 * Writer and committer of a sink in one operator: committables are state, never records on an edge.
 * What was prepared stays in every snapshot until its commit was confirmed, so a checkpoint that
 * fails loses nothing (I7) and a lost notification delays a commit only (flink-semantics 2.6, 2.7).
 *
 * @internal
 */
export class SinkOperator implements Operator {
  readonly operatorId: string
  readonly #parts: SinkOperatorParts
  readonly #recordContext = new RecordContext()
  readonly #recordsWritten: Counter
  #writer: SinkWriter<unknown, unknown, unknown> | undefined
  #committer: Committer<unknown> | undefined
  #prepared: Prepared[] = []
  #commits: Promise<void> = Promise.resolve()
  #inputEnded = false

  constructor(operatorId: string, parts: SinkOperatorParts) {
    this.operatorId = operatorId
    this.#parts = parts
    this.#recordsWritten = parts.context.metrics.counter('recordsWritten')
  }

  async open(): Promise<void> {
    const { sink, context, restored } = this.#parts
    this.#committer = await sink.createCommitter?.(context)
    const states = restored.map((item) =>
      defined(
        sink.writerStateSerializer,
        'a sink with writer state has its serializer',
      ).deserialize(item.version, item.bytes),
    )
    this.#writer = await sink.createWriter(context, states)
  }

  collect(value: unknown, timestamp: number): void {
    assert(!this.#inputEnded, 'no record follows the end of input')
    this.#recordContext.timestamp = timestamp === noTimestamp ? undefined : timestamp
    const written = this.#openWriter.write(value, this.#recordContext)
    this.#recordsWritten.add()
    if (written !== undefined) this.#parts.flow.waitFor(written)
  }

  emitWatermark(): void {}

  emitIdle(): void {}

  endInput(): void {
    this.#inputEnded = true
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    const writer = this.#openWriter
    const flushed = writer.flush(this.#inputEnded)
    if (writer.prepareCommit !== undefined) {
      const committables = writer.prepareCommit(barrier.checkpointId)
      this.#prepared.push({ checkpointId: barrier.checkpointId, committables })
    }
    const writerStates = this.#writerStates(barrier.checkpointId)
    const state = this.#complete(flushed, [...this.#prepared], writerStates)
    return { state, failure: 'fail-task' }
  }

  /** Commits what the checkpoint holds, in the order of checkpoints, one call after the other. */
  checkpointCompleted(notice: CheckpointNotice): Promise<void> {
    this.#commits = this.#commits.then(() => this.#commitUpTo(notice.checkpointId))
    return this.#commits
  }

  async close(): Promise<void> {
    await this.#writer?.close()
    await this.#committer?.close()
  }

  async #commitUpTo(checkpointId: number): Promise<void> {
    for (;;) {
      const first = this.#prepared[0]
      if (first === undefined || first.checkpointId > checkpointId) return
      await this.#commit(await first.committables)
      this.#prepared.shift()
    }
  }

  async #commit(committables: readonly unknown[]): Promise<void> {
    const { context, signal } = this.#parts
    const { scheduler, logger } = context
    const committer = defined(this.#committer, 'a sink that prepares commits has a committer')
    const policy = { scheduler, logger, operatorId: this.operatorId, signal }
    await commitAll(committer, committables, policy)
  }

  async #complete(
    flushed: Promise<void>,
    prepared: readonly Prepared[],
    writerStates: readonly StateItem[],
  ): Promise<OperatorSubtaskState> {
    const [committables] = await Promise.all([this.#serialize(prepared), flushed])
    const { subtask } = this.#parts.context
    return {
      operatorId: this.operatorId,
      subtask,
      splits: [],
      writerStates,
      committables,
      keyed: undefined,
    }
  }

  async #serialize(prepared: readonly Prepared[]): Promise<readonly CommittableItem[]> {
    const items = await Promise.all(
      prepared.map(async ({ checkpointId, committables }) =>
        (await committables).map((committable) => this.#item(checkpointId, committable)),
      ),
    )
    return items.flat()
  }

  #item(checkpointId: number, committable: unknown): CommittableItem {
    const serializer = defined(
      this.#parts.sink.committableSerializer,
      'a sink that prepares commits has a committable serializer',
    )
    return { checkpointId, version: serializer.version, bytes: serializer.serialize(committable) }
  }

  #writerStates(checkpointId: number): readonly StateItem[] {
    const state = this.#openWriter.snapshotState?.(checkpointId)
    if (state === undefined) return []
    const serializer = defined(
      this.#parts.sink.writerStateSerializer,
      'a sink with writer state has its serializer',
    )
    return [{ version: serializer.version, bytes: serializer.serialize(state) }]
  }

  get #openWriter(): SinkWriter<unknown, unknown, unknown> {
    return defined(this.#writer, 'the sink is open')
  }
}
