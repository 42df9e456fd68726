import type { FlowControl } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { emitAll, type EmittingOperator } from './emission.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { TwoInputOperator } from './operator.ts'
import { type Collect, twoInputs } from './two-inputs.ts'
import { userFunctionFailed } from './user-function.ts'

/** A function for the records of each input. @internal */
export interface CoFunctions<Result> {
  readonly first: (value: unknown) => Result
  readonly second: (value: unknown) => Result
}

/** @internal */
export class CoMapOperator implements TwoInputOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]
  readonly #output: Output

  constructor({ first, second }: CoFunctions<unknown>, { operatorId, output }: OperatorContext) {
    this.operatorId = operatorId
    this.#output = output
    this.inputs = twoInputs(this.#mapping(first), this.#mapping(second), output)
  }

  #mapping(map: (value: unknown) => unknown): Collect {
    return (value, timestamp) => {
      let mapped: unknown
      try {
        mapped = map(value)
      } catch (cause) {
        throw userFunctionFailed(this.operatorId, value, cause)
      }
      this.#output.collect(mapped, timestamp)
    }
  }
}

/** @internal */
export class CoFlatMapOperator implements TwoInputOperator, EmittingOperator {
  readonly operatorId: string
  readonly inputs: readonly [first: Output, second: Output]
  readonly output: Output
  readonly flow: FlowControl

  constructor({ first, second }: CoFunctions<Iterable<unknown>>, context: OperatorContext) {
    this.operatorId = context.operatorId
    this.output = context.output
    this.flow = context.flow
    this.inputs = twoInputs(this.#mapping(first), this.#mapping(second), context.output)
  }

  #mapping(flatMap: (value: unknown) => Iterable<unknown>): Collect {
    return (value, timestamp) => {
      let values: Iterable<unknown>
      try {
        values = flatMap(value)
      } catch (cause) {
        throw userFunctionFailed(this.operatorId, value, cause)
      }
      emitAll(this, values, value, timestamp)
    }
  }
}
