import { defined } from '../common/assert.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import { type Output, combineOutputs } from '../network/output.ts'
import type { RecordWriter } from '../network/record-writer.ts'
import type { CheckpointBarrier, StreamEvent } from '../network/stream-element.ts'
import type { PlanVertex } from '../graph/execution-plan.ts'
import type { Operator, OperatorSnapshot } from '../operators/operator.ts'

/** Makes the operator of an id, which emits to `output`. @internal */
export type OperatorFactory = (operatorId: string, output: Output) => Operator

/** What a chain is made of, besides its operators. @internal */
export interface ChainParts {
  readonly vertex: PlanVertex
  readonly create: OperatorFactory
  /** The outputs to other vertices, by the operator that emits to them. */
  readonly writers: ReadonlyMap<string, readonly RecordWriter[]>
}

/**
 * The operators of a task, connected: a tree from the head to its outputs. A source is not among
 * them: it drives the chain, emitting to `head`. Runs on the task's thread.
 *
 * @internal
 */
export class OperatorChain {
  /** Where records enter. */
  readonly head: Output
  /** From the head to the ends. */
  readonly #operators: readonly Operator[]
  readonly #writers: readonly RecordWriter[]

  constructor(parts: ChainParts) {
    const outputs = new Map<string, Operator>()
    const writersOf = (operatorId: string): readonly RecordWriter[] =>
      parts.writers.get(operatorId) ?? []
    const outputOf = (operatorId: string, chainedTo: readonly string[]): Output =>
      combineOutputs([
        ...chainedTo.map((id) => defined(outputs.get(id), 'a chained operator exists')),
        ...writersOf(operatorId),
      ])
    // From the ends to the head, so that every output exists before what emits to it.
    for (const { operatorId, type, chainedTo } of parts.vertex.operators.toReversed()) {
      if (type === 'source') continue
      outputs.set(operatorId, parts.create(operatorId, outputOf(operatorId, chainedTo)))
    }
    const first = defined(parts.vertex.operators[0], 'a vertex has an operator')
    this.head = outputs.get(first.operatorId) ?? outputOf(first.operatorId, first.chainedTo)
    this.#operators = [...outputs.values()].toReversed()
    this.#writers = [...parts.writers.values()].flat()
  }

  /** Records emitted to other tasks. */
  get recordsOut(): number {
    return this.#writers.reduce((sum, writer) => sum + writer.recordCount, 0)
  }

  /** Opens from the ends to the head, so that an open operator can emit. */
  async open(): Promise<void> {
    for (const operator of this.#operators.toReversed()) await operator.open?.()
  }

  emitEvent(event: StreamEvent): void {
    for (const writer of this.#writers) writer.emitEvent(event)
  }

  endInput(): void {
    for (const operator of this.#operators) operator.endInput?.()
  }

  snapshot(barrier: CheckpointBarrier): readonly OperatorSnapshot[] {
    return this.#operators.flatMap((operator) => operator.snapshot?.(barrier) ?? [])
  }

  abortSnapshot(checkpointId: number): void {
    for (const operator of this.#operators) operator.abortSnapshot?.(checkpointId)
  }

  async checkpointCompleted(notice: CheckpointNotice): Promise<void> {
    await Promise.all(
      this.#operators.map(async (operator) => {
        await operator.checkpointCompleted?.(notice)
      }),
    )
  }

  /** Closes every operator, also after one failed to close; then throws the first failure. */
  async close(): Promise<void> {
    const closed = await Promise.allSettled(
      this.#operators.map(async (operator) => {
        await operator.close?.()
      }),
    )
    const failed = closed.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }
}
