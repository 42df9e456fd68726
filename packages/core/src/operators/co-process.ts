import type { Output } from '../network/output.ts'
import type { CoProcess } from './co-process-function.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { TwoInputOperator } from './operator.ts'
import { RecordRuntime } from './record-runtime.ts'
import { twoInputs } from './two-inputs.ts'

/** @internal */
export class CoProcessOperator implements TwoInputOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]

  constructor(user: CoProcess<unknown, unknown, unknown>, context: OperatorContext) {
    this.operatorId = context.operatorId
    const runtime = new RecordRuntime(context)
    this.inputs = twoInputs(
      runtime.processing((value) => user.processFirst(value, runtime.context)),
      runtime.processing((value) => user.processSecond(value, runtime.context)),
      runtime,
    )
  }
}
