import type { FlowControl, Resumable } from '../network/flow-control.ts'
import type { Output } from '../network/output.ts'
import { userFunctionFailed } from './user-function.ts'

/** An operator whose function returns many values for one record. @internal */
export interface EmittingOperator {
  readonly operatorId: string
  readonly output: Output
  readonly flow: FlowControl
  /** Captures the context of the record (its key); what it returns sets that context again. */
  captureContext?(): () => void
}

/** The record that an emission answers. @internal */
export interface InputRecord {
  readonly value: unknown
  readonly timestamp: number
}

/** Values emitted in one go before others get their turn. */
const turnValuesMax = 1024

/**
 * Emits `values` in order, and pauses in the middle while the chain is halted: a generator that
 * yields a million values never runs ahead of what the outputs take. Watermarks and barriers wait
 * for its end.
 *
 * @internal
 */
export function emitAll(
  operator: EmittingOperator,
  values: Iterable<unknown>,
  value: unknown,
  timestamp: number,
): void {
  if (!Array.isArray(values)) {
    new Emission(operator, iteratorOf(operator, values, value), { value, timestamp }).start()
    return
  }
  for (let index = 0; index < values.length; index += 1) {
    if (operator.flow.halted || index === turnValuesMax) {
      new Emission(operator, values.slice(index).values(), { value, timestamp }).pause()
      return
    }
    operator.output.collect(values[index], timestamp)
  }
}

/** For users of JavaScript, whose functions may return anything. */
function iteratorOf(
  operator: EmittingOperator,
  values: Iterable<unknown>,
  value: unknown,
): Iterator<unknown> {
  try {
    return values[Symbol.iterator]()
  } catch (cause) {
    throw userFunctionFailed(operator.operatorId, value, cause)
  }
}

class Emission implements Resumable {
  readonly #operator: EmittingOperator
  readonly #iterator: Iterator<unknown>
  readonly #record: InputRecord
  #restoreContext: (() => void) | undefined

  constructor(operator: EmittingOperator, iterator: Iterator<unknown>, record: InputRecord) {
    this.#operator = operator
    this.#iterator = iterator
    this.#record = record
  }

  start(): void {
    if (!this.#emit()) this.pause()
  }

  /** Waits for its turn before the first value. */
  pause(): void {
    this.#restoreContext = this.#operator.captureContext?.()
    this.#operator.flow.suspend(this)
  }

  resume(): void {
    this.#restoreContext?.()
    if (!this.#emit()) this.#operator.flow.suspend(this)
  }

  /** Whether the iterator is done. */
  #emit(): boolean {
    const { flow, output } = this.#operator
    for (let count = 0; count < turnValuesMax && !flow.halted; count += 1) {
      const step = this.#next()
      if (step.done === true) return true
      output.collect(step.value, this.#record.timestamp)
    }
    return false
  }

  #next(): IteratorResult<unknown> {
    try {
      return this.#iterator.next()
    } catch (cause) {
      throw userFunctionFailed(this.#operator.operatorId, this.#record.value, cause)
    }
  }
}
