import { assert, defined } from '../common/assert.ts'
import type { CheckpointNotice } from '../connector/source-event.ts'
import type { FlowControl } from '../network/flow-control.ts'
import { type Output, combineOutputs, withSideOutputs } from '../network/output.ts'
import type { EdgeOutput } from '../network/record-writer.ts'
import type { CheckpointBarrier, StreamEvent } from '../network/stream-element.ts'
import type { PlanOperator, PlanVertex } from '../graph/execution-plan.ts'
import type {
  Operator,
  OperatorLifecycle,
  OperatorSnapshot,
  TwoInputOperator,
} from '../operators/operator.ts'

/** Where an operator emits: `undefined` is its main output. @internal */
export type OutputsOf = (tag: string | undefined) => Output

/** What a chain is made of, besides its operators. @internal */
export interface ChainParts {
  readonly vertex: PlanVertex
  /** Makes the operator of an id. */
  readonly create: (operatorId: string, outputs: OutputsOf) => Operator | TwoInputOperator
  readonly outputs: ChainOutputs
  /** Whether the records that enter were combined on the way. */
  readonly combined: boolean
}

/** Where records leave a chain. @internal */
export interface ChainOutputs {
  /** The outputs that take what an operator emits; `tag` undefined: to its main output. */
  of(operatorId: string, tag: string | undefined): readonly Output[]
  /** The side outputs of an operator that leave the chain. */
  tagsOf(operatorId: string): readonly string[]
  /** Sends it to everyone who reads the chain. */
  emitEvent(event: StreamEvent): void
  /** Records emitted so far. */
  readonly recordCount: number
}

/** An output to another vertex, and who emits to it. @internal */
export interface TaggedWriter {
  readonly operatorId: string
  readonly tag: string | undefined
  readonly writer: EdgeOutput
}

/** The outputs to other vertices. @internal */
export class WriterOutputs implements ChainOutputs {
  readonly #writers: readonly TaggedWriter[]

  constructor(writers: readonly TaggedWriter[]) {
    this.#writers = writers
  }

  get recordCount(): number {
    return this.#writers.reduce((sum, { writer }) => sum + writer.recordCount, 0)
  }

  of(operatorId: string, tag: string | undefined): readonly Output[] {
    return this.#writers
      .filter((other) => other.operatorId === operatorId && other.tag === tag)
      .map(({ writer }) => writer)
  }

  tagsOf(operatorId: string): readonly string[] {
    return this.#writers.flatMap(({ operatorId: its, tag }) =>
      its === operatorId && tag !== undefined ? [tag] : [],
    )
  }

  emitEvent(event: StreamEvent): void {
    for (const { writer } of this.#writers) writer.emitEvent(event)
  }
}

/**
 * The operators of a task, connected: a tree from the head to its outputs. A source is not among
 * them: it drives the chain, emitting to `sourceOutputs`. Runs on the task's thread.
 *
 * @internal
 */
export class OperatorChain {
  /** Where records enter: one for each input of the operator at the head. */
  readonly heads: readonly Output[]
  /** Where the source at the head emits, if there is one. */
  readonly sourceOutputs: OutputsOf
  /** From the head to the ends. */
  readonly #operators: readonly OperatorLifecycle[]
  readonly #outputs: ChainOutputs
  /** Operators that are done with the end of their input. */
  #ended = 0

  constructor({ vertex, create, outputs, combined }: ChainParts) {
    const created = new Map<string, Operator | TwoInputOperator>()
    const outputsOf = ({ operatorId, chainedTo }: PlanOperator): OutputsOf => {
      const plainOutput = (tag: string | undefined): Output =>
        combineOutputs([
          ...chainedTo
            .filter((target) => target.tag === tag)
            .map((target) => singleInput(created.get(target.operatorId))),
          ...outputs.of(operatorId, tag),
        ])
      const chained = chainedTo.flatMap(({ tag }) => (tag === undefined ? [] : [tag]))
      const tags = new Set([...chained, ...outputs.tagsOf(operatorId)])
      const sides = new Map(Array.from(tags, (tag) => [tag, plainOutput(tag)]))
      const main = withSideOutputs(plainOutput(undefined), [...sides.values()])
      return (tag) => (tag === undefined ? main : (sides.get(tag) ?? plainOutput(tag)))
    }
    // From the ends to the head, so that every output exists before what emits to it.
    for (const operator of vertex.operators.toReversed()) {
      if (operator.type === 'source') continue
      created.set(operator.operatorId, create(operator.operatorId, outputsOf(operator)))
    }
    const first = defined(vertex.operators[0], 'a vertex has an operator')
    const head = created.get(first.operatorId)
    this.sourceOutputs = outputsOf(first)
    this.heads = head === undefined ? [this.sourceOutputs(undefined)] : inputsOf(head, combined)
    this.#operators = [...created.values()].toReversed()
    this.#outputs = outputs
  }

  /** Records that left the chain. */
  get recordsOut(): number {
    return this.#outputs.recordCount
  }

  /** Opens from the ends to the head, so that an open operator can emit. */
  async open(): Promise<void> {
    for (const operator of this.#operators.toReversed()) await operator.open?.()
  }

  emitEvent(event: StreamEvent): void {
    this.#outputs.emitEvent(event)
  }

  /**
   * Ends the input of every operator, from the head to the ends: of the next one only when the
   * flow has nothing under way. @returns whether all are done; else call it again.
   */
  endInput(flow: FlowControl): boolean {
    while (!flow.unfinished) {
      const operator = this.#operators[this.#ended]
      if (operator === undefined) return true
      if (operator.endInput?.() === false) return false
      this.#ended += 1
    }
    return false
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

function inputsOf(operator: Operator | TwoInputOperator, combined: boolean): readonly Output[] {
  if ('inputs' in operator) return operator.inputs
  return [combined ? defined(operator.combined, 'the operator takes combined records') : operator]
}

function singleInput(operator: Operator | TwoInputOperator | undefined): Operator {
  assert(operator !== undefined && !('inputs' in operator), 'a chained operator has one input')
  return operator
}
