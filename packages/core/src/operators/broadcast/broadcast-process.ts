import type { FlowControl } from '../../network/flow-control.ts'
import type { Output } from '../../network/output.ts'
import { noTimestamp } from '../../network/stream-element.ts'
import type { BroadcastDeclarations } from '../../state/broadcast-state.ts'
import { RecordContext } from '../co-process.ts'
import { emitAll, type EmittingOperator } from '../emission.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OperatorSnapshot, TwoInputOperator } from '../operator.ts'
import { type Collect, twoInputs } from '../two-inputs.ts'
import { userFunctionFailed } from '../user-function.ts'
import { BroadcastLists } from './broadcast-lists.ts'
import type { BroadcastProcess } from './broadcast-function.ts'

/** A function with broadcast states. @internal */
export interface BroadcastFunction<Process> {
  readonly process: Process
  readonly broadcast: BroadcastDeclarations
}

type Method = (value: unknown, context: RecordContext) => Iterable<unknown> | undefined | void
type UntypedProcess = BroadcastProcess<unknown, unknown, unknown, BroadcastDeclarations>

/** @internal */
export class BroadcastProcessOperator implements TwoInputOperator, EmittingOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]
  readonly output: Output
  readonly flow: FlowControl
  readonly #context: RecordContext
  readonly #subtask: number
  readonly #lists: BroadcastLists

  constructor(
    { process: user, broadcast }: BroadcastFunction<UntypedProcess>,
    context: OperatorContext,
  ) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.#context = new RecordContext(context)
    this.#subtask = context.subtask.subtask
    const lists = new BroadcastLists(broadcast, context)
    this.#lists = lists
    this.inputs = twoInputs(
      this.#processing((value, seen) => user.process(value, lists.readOnly, seen)),
      this.#processing((value, seen) => user.processBroadcast(value, lists.writable, seen)),
      {
        emitWatermark: (timestamp) => {
          this.#context.watermark = timestamp
          this.output.emitWatermark(timestamp)
        },
        emitIdle: (idle) => this.output.emitIdle(idle),
      },
    )
  }

  open(): Promise<void> {
    this.#lists.restore()
    return Promise.resolve()
  }

  snapshot(): OperatorSnapshot {
    const state = {
      operatorId: this.operatorId,
      subtask: this.#subtask,
      lists: this.#lists.snapshot(),
      committables: [],
      keyed: undefined,
    }
    return { state: Promise.resolve(state), failure: 'decline-checkpoint' }
  }

  #processing(method: Method): Collect {
    return (value, timestamp) => {
      this.#context.timestamp = timestamp === noTimestamp ? undefined : timestamp
      let values: Iterable<unknown> | undefined
      try {
        values = method(value, this.#context) ?? undefined
      } catch (cause) {
        throw userFunctionFailed(this.operatorId, value, cause)
      }
      if (values !== undefined) emitAll(this, values, value, timestamp)
    }
  }
}
