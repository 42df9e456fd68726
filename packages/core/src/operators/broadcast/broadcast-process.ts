import type { Output } from '../../network/output.ts'
import type { BroadcastDeclarations } from '../../state/broadcast-state.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { OperatorSnapshot, TwoInputOperator } from '../operator.ts'
import { RecordRuntime } from '../record-runtime.ts'
import { twoInputs } from '../two-inputs.ts'
import { BroadcastLists } from './broadcast-lists.ts'
import type { BroadcastProcess } from './broadcast-function.ts'

/** A function with broadcast states. @internal */
export interface BroadcastFunction<Process> {
  readonly process: Process
  readonly broadcast: BroadcastDeclarations
}

type UntypedProcess = BroadcastProcess<unknown, unknown, unknown, BroadcastDeclarations>

/** @internal */
export class BroadcastProcessOperator implements TwoInputOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]
  readonly #subtask: number
  readonly #lists: BroadcastLists

  constructor(
    { process: user, broadcast }: BroadcastFunction<UntypedProcess>,
    context: OperatorContext,
  ) {
    this.operatorId = context.operatorId
    this.#subtask = context.subtask.subtask
    const lists = new BroadcastLists(broadcast, context)
    this.#lists = lists
    const runtime = new RecordRuntime(context)
    const seen = runtime.context
    this.inputs = twoInputs(
      runtime.processing((value) => user.process(value, lists.readOnly, seen)),
      runtime.processing((value) => user.processBroadcast(value, lists.writable, seen)),
      runtime,
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
}
