import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { noTimestamp } from '../network/stream-element.ts'
import { noWatermark } from '../time/watermark.ts'
import type { CoContext, CoProcess } from './co-process-function.ts'
import { emitAll, type EmittingOperator } from './emission.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { TwoInputOperator } from './operator.ts'
import type { OutputTag } from './output-tag.ts'
import { SideOutputs } from './side-outputs.ts'
import { type Collect, twoInputs } from './two-inputs.ts'
import { userFunctionFailed } from './user-function.ts'

type CoMethod = (value: unknown, context: CoContext) => Iterable<unknown> | undefined | void

/** @internal */
export class CoProcessOperator implements TwoInputOperator, EmittingOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]
  readonly output: Output
  readonly flow: FlowControl
  readonly #context: RecordContext

  constructor(user: CoProcess<unknown, unknown, unknown>, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.#context = new RecordContext(context)
    this.inputs = twoInputs(
      this.#processing((value, seen) => user.processFirst(value, seen)),
      this.#processing((value, seen) => user.processSecond(value, seen)),
      {
        emitWatermark: (timestamp) => {
          this.#context.watermark = timestamp
          this.output.emitWatermark(timestamp)
        },
        emitIdle: (idle) => this.output.emitIdle(idle),
      },
    )
  }

  #processing(method: CoMethod): Collect {
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

/** What functions without keyed state see: one object for all records of an operator. @internal */
export class RecordContext implements CoContext {
  timestamp: number | undefined
  watermark: number = noWatermark
  readonly #operator: OperatorContext
  readonly #sides: SideOutputs

  constructor(operator: OperatorContext) {
    this.#operator = operator
    this.#sides = new SideOutputs(operator)
  }

  get processingTime(): number {
    return this.#operator.subtask.clock.now()
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#sides.collect(tag, value, this.timestamp ?? noTimestamp)
  }
}
