import type { Output } from '../network/output.ts'
import type { OperatorContext } from './operator-definition.ts'
import type { OutputTag } from '../common/output-tag.ts'

/** The side outputs of an operator, looked up once each. @internal */
export class SideOutputs {
  readonly #context: OperatorContext
  readonly #sides = new Map<string, Output>()

  constructor(context: OperatorContext) {
    this.#context = context
  }

  collect<T>({ id }: OutputTag<T>, value: T, timestamp: number): void {
    let side = this.#sides.get(id)
    if (side === undefined) this.#sides.set(id, (side = this.#context.sideOutput(id)))
    side.collect(value, timestamp)
  }
}
