import type { Output } from '../../network/output.ts'
import { noTimestamp } from '../../network/stream-element.ts'
import type { ChainOutputs } from '../../task/operator-chain.ts'
import type { HarnessPlan } from './harness-plan.ts'

/** What comes out of a harness, in order. @public */
export type HarnessElement<T = unknown> =
  | {
      readonly type: 'record'
      readonly value: T
      /** Event time in milliseconds since 1970; `undefined`: the record has none. */
      readonly timestamp: number | undefined
    }
  /** No record with a timestamp <= `timestamp` follows; `Infinity` at the end of the input. */
  | { readonly type: 'watermark'; readonly timestamp: number }
  /** The stream does (not) hold back the watermarks of others. */
  | { readonly type: 'idle'; readonly idle: boolean }

/** Keeps what the operators of a harness emit until it is taken. @internal */
export class HarnessOutputs implements ChainOutputs {
  readonly #end: HarnessPlan['end']
  readonly #main = new Recorder()
  readonly #sides = new Map<string, Recorder>()
  recordCount = 0

  constructor(end: HarnessPlan['end']) {
    this.#end = end
  }

  of(operatorId: string, tag: string | undefined): readonly Output[] {
    const main = operatorId === this.#end.operatorId && tag === this.#end.tag ? [this.#main] : []
    return tag === undefined ? main : [...main, this.#side(tag)]
  }

  tagsOf(operatorId: string): readonly string[] {
    const { operatorId: last, tag } = this.#end
    return operatorId === last && tag !== undefined ? [tag] : []
  }

  /** Barriers and the end of data are for tasks behind. */
  emitEvent(): void {}

  take(): readonly HarnessElement[] {
    return this.#main.take()
  }

  takeSide(tag: string): readonly HarnessElement[] {
    return this.#side(tag).take()
  }

  #side(tag: string): Recorder {
    let side = this.#sides.get(tag)
    if (side === undefined) this.#sides.set(tag, (side = new Recorder()))
    return side
  }
}

class Recorder implements Output {
  #elements: HarnessElement[] = []

  collect(value: unknown, timestamp: number): void {
    this.#elements.push({
      type: 'record',
      value,
      timestamp: timestamp === noTimestamp ? undefined : timestamp,
    })
  }

  emitWatermark(timestamp: number): void {
    this.#elements.push({ type: 'watermark', timestamp })
  }

  emitIdle(idle: boolean): void {
    this.#elements.push({ type: 'idle', idle })
  }

  take(): readonly HarnessElement[] {
    const taken = this.#elements
    this.#elements = []
    return taken
  }
}
