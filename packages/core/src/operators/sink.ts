import type { Committer } from '../connector/committer.ts'
import type { SubtaskContext } from '../connector/context.ts'
import type { SinkWriter } from '../connector/sink-writer.ts'
import type { Sink } from '../connector/sink.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import { assert, defined } from '../common/assert.ts'
import { FlinktsError } from '../common/errors.ts'
import type { Counter } from '../common/metrics.ts'
import type { Serializer } from '../common/serializer.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { CheckpointBarrier } from '../network/stream-element.ts'
import {
  type CommittableItem,
  type OperatorSubtaskState,
  type StateItem,
  writerList,
} from '../state/operator-state.ts'
import { commitAll } from './commit.ts'
import type { Operator, OperatorSnapshot } from './operator.ts'
import { RecordTimestamp } from './record-timestamp.ts'

/** What was prepared at a barrier and is not yet known to be committed. */
interface Prepared {
  readonly checkpointId: number
  readonly committables: Promise<readonly unknown[]>
}

/** What a checkpoint holds. */
interface Cut {
  readonly checkpointId: number
  /** The first checkpoint of which something is in it. */
  readonly oldestHeldId: number
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
 * fails loses nothing (I7) and a lost notification delays a commit only (Flink: CommitterOperator).
 *
 * @internal
 */
export class SinkOperator implements Operator {
  readonly operatorId: string
  readonly #parts: SinkOperatorParts
  readonly #recordContext = new RecordTimestamp()
  readonly #recordsWritten: Counter
  #writer: SinkWriter<unknown, unknown, unknown> | undefined
  #committer: Committer<unknown> | undefined
  readonly #prepared: Prepared[] = []
  /** From the oldest one that was retained when that was heard of last. */
  readonly #cuts: Cut[] = []
  #commits: Promise<void> = Promise.resolve()
  #inputEnded = false
  #closed = false

  constructor(operatorId: string, parts: SinkOperatorParts) {
    this.operatorId = operatorId
    this.#parts = parts
    this.#recordsWritten = parts.context.metrics.counter('recordsWritten')
  }

  async open(): Promise<void> {
    const { sink, context, restored } = this.#parts
    this.#committer = await sink.createCommitter?.(context)
    this.#writer = await sink.createWriter(
      context,
      restoreWriterStates(sink, restored, this.operatorId),
    )
  }

  collect(value: unknown, timestamp: number): void {
    assert(!this.#inputEnded, 'no record follows the end of input')
    this.#recordContext.timestampOrNone = timestamp
    const written = this.#openWriter().write(value, this.#recordContext)
    this.#recordsWritten.add()
    if (written !== undefined) this.#parts.flow.waitFor(written)
  }

  emitWatermark(): void {}

  emitIdle(): void {}

  endInput(): boolean {
    this.#inputEnded = true
    return true
  }

  snapshot(barrier: CheckpointBarrier): OperatorSnapshot {
    return { state: this.#cut(barrier.checkpointId), failure: 'fail-task' }
  }

  /** Commits what the checkpoint holds, in the order of checkpoints, one call after the other. */
  checkpointCompleted(notice: CheckpointNotice): Promise<void> {
    this.#commits = this.#commits
      .then(() => this.#commitUpTo(notice.checkpointId))
      .then(() => this.#forgetBefore(notice.oldestRetainedId))
    return this.#commits
  }

  async close(): Promise<void> {
    this.#closed = true
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

  /** What no retained checkpoint holds was committed, and is never asked for again. */
  async #forgetBefore(oldestRetainedId: number): Promise<void> {
    const { logger } = this.#parts.context
    let oldest: Cut | undefined
    while ((this.#cuts[0]?.checkpointId ?? Number.POSITIVE_INFINITY) <= oldestRetainedId)
      oldest = this.#cuts.shift()
    if (oldest === undefined) return
    try {
      if (!this.#closed) this.#writer?.forget?.(oldest.oldestHeldId)
      await this.#committer?.forget?.(oldest.oldestHeldId)
    } catch (cause) {
      logger.warn('a sink could not forget old commits', { operatorId: this.operatorId, cause })
    }
  }

  async #commit(committables: readonly unknown[]): Promise<void> {
    const { context, signal } = this.#parts
    const { scheduler, logger } = context
    const committer = defined(this.#committer, 'a sink that prepares commits has a committer')
    const policy = { scheduler, logger, operatorId: this.operatorId, signal }
    await commitAll(committer, committables, policy)
  }

  /** Everything up to the `await` happens at the barrier; whatever is thrown rejects. */
  async #cut(checkpointId: number): Promise<OperatorSubtaskState> {
    const writer = this.#openWriter()
    const flushed = observed(writer.flush(this.#inputEnded))
    if (writer.prepareCommit !== undefined) {
      const committables = observed(writer.prepareCommit(checkpointId))
      this.#prepared.push({ checkpointId, committables })
      const oldestHeldId = this.#prepared[0]?.checkpointId ?? checkpointId
      this.#cuts.push({ checkpointId, oldestHeldId })
    }
    const items = this.#writerStates(checkpointId)
    const [committables] = await Promise.all([this.#serialize([...this.#prepared]), flushed])
    return {
      operatorId: this.operatorId,
      subtask: this.#parts.context.subtask,
      lists: [{ name: writerList, distribution: 'split', items }],
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
    const state = this.#openWriter().snapshotState?.(checkpointId)
    if (state === undefined) return []
    const serializer = defined(
      this.#parts.sink.writerStateSerializer,
      'a sink with writer state has its serializer',
    )
    return [{ version: serializer.version, bytes: serializer.serialize(state) }]
  }

  /** No getter: V8 answers a private one by a call into its runtime, here for each record. */
  #openWriter(): SinkWriter<unknown, unknown, unknown> {
    return defined(this.#writer, 'the sink is open')
  }
}

/** A sink under an old operator id may be another one than the one that left the states. */
function restoreWriterStates(
  sink: Sink<unknown>,
  items: readonly StateItem[],
  operatorId: string,
): readonly unknown[] {
  const serializer: Serializer<unknown> | undefined = sink.writerStateSerializer
  if (serializer !== undefined) {
    return items.map(({ version, bytes }) => serializer.deserialize(version, bytes))
  }
  if (items.length === 0) return []
  throw new FlinktsError(
    'FLINKTS_STATE_INCOMPATIBLE',
    `the checkpoint holds writer state of sink "${operatorId}", which keeps none`,
    { hint: 'An operator id names its state for ever: give the new sink an id of its own.' },
  )
}

/** A promise that is awaited later, or, if something else fails first, by nobody. */
function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
