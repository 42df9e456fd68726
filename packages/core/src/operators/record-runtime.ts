import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { keyMissing } from '../state/key-missing.ts'
import { noWatermark } from '../time/watermark.ts'
import type { CoContext } from './co-process-function.ts'
import { emitAll, type EmittingOperator } from './emission.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { OutputTag } from '../common/output-tag.ts'
import { RecordTimestamp } from './record-timestamp.ts'
import { SideOutputs } from './side-outputs.ts'
import type { Collect, TimeOutput } from './two-inputs.ts'
import { userFunctionFailed } from './user-function.ts'

/**
 * What a function of two inputs without keyed state runs on: the context that it sees, and emitting
 * with pauses. Runs on the task's thread.
 *
 * @internal
 */
export class RecordRuntime implements EmittingOperator, TimeOutput {
  readonly operatorId: string
  readonly output: Output
  readonly flow: FlowControl
  readonly context: RecordContext

  constructor(context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.context = new RecordContext(context)
  }

  /** Calls `method` for each record, and emits what it returns. */
  processing(method: (value: unknown) => Iterable<unknown> | undefined | void): Collect {
    return (value, timestamp) => {
      this.context.timestampOrNone = timestamp
      let values: Iterable<unknown> | undefined
      try {
        values = method(value) ?? undefined
      } catch (cause) {
        throw userFunctionFailed(this.operatorId, value, cause)
      }
      if (values !== undefined) emitAll(this, values, value, timestamp)
    }
  }

  emitWatermark(timestamp: number): void {
    this.context.watermark = timestamp
    this.output.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    this.output.emitIdle(idle)
  }
}

/** What functions without keyed state see: one object for all records of an operator. @internal */
export class RecordContext extends RecordTimestamp implements CoContext {
  watermark: number = noWatermark
  readonly #operator: OperatorContext
  readonly #sides: SideOutputs

  constructor(operator: OperatorContext) {
    super()
    this.#operator = operator
    this.#sides = new SideOutputs(operator)
  }

  get processingTime(): number {
    return this.#operator.subtask.clock.now()
  }

  /** For functions without types. @throws FlinktsError FLINKTS_KEY_MISSING */
  get timers(): never {
    throw keyMissing(`a timer of operator "${this.#operator.operatorId}"`)
  }

  output<T>(tag: OutputTag<T>, value: T): void {
    this.#sides.collect(tag, value, this.timestampOrNone)
  }
}
