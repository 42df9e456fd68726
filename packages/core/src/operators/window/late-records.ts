import type { Counter } from '../../common/metrics.ts'
import type { Output } from '../../network/output.ts'
import type { OperatorContext } from '../operator-definition.ts'
import type { WindowDefinition } from './window-definition.ts'

/** What becomes of records that no window takes. Runs on the task's thread. @internal */
export class LateRecords {
  readonly #definition: WindowDefinition
  readonly #output: Output | undefined
  readonly #dropped: Counter

  constructor(definition: WindowDefinition, context: OperatorContext) {
    const { lateTag } = definition
    this.#definition = definition
    this.#output = lateTag === undefined ? undefined : context.sideOutput(lateTag)
    this.#dropped = context.subtask.metrics.counter('lateRecordsDropped')
  }

  /** Takes a record that is late, or of no window at all. */
  take(value: unknown, timestamp: number, watermark: number): void {
    const { assigner, latenessMs } = this.#definition
    if (!assigner.isEventTime || timestamp + latenessMs > watermark) return
    if (this.#output === undefined) this.drop(1)
    else this.#output.collect(value, timestamp)
  }

  /** Takes that many records that are late, and go nowhere. */
  drop(count: number): void {
    this.#dropped.add(count)
  }
}
