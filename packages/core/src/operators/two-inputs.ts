import type { Output } from '../network/output.ts'
import { CombinedWatermark } from '../time/combined-watermark.ts'
import { noWatermark } from '../time/watermark.ts'

/** What an operator does with the time of its two inputs. @internal */
export type TimeOutput = Pick<Output, 'emitWatermark' | 'emitIdle'>

/** Takes a record of one input. @internal */
export type Collect = (value: unknown, timestamp: number) => void

/**
 * The two inputs of an operator: records go to `first` and `second`, and time to `time`, combined:
 * the smaller watermark of the two, as long as neither is idle.
 *
 * @internal
 */
export function twoInputs(
  first: Collect,
  second: Collect,
  time: TimeOutput,
): readonly [first: Output, second: Output] {
  const combined = new CombinedTime(time)
  return [new Input(0, first, combined), new Input(1, second, combined)]
}

type InputIndex = 0 | 1

class Input implements Output {
  readonly #index: InputIndex
  readonly #collect: Collect
  readonly #time: CombinedTime

  constructor(index: InputIndex, collect: Collect, time: CombinedTime) {
    this.#index = index
    this.#collect = collect
    this.#time = time
  }

  collect(value: unknown, timestamp: number): void {
    this.#collect(value, timestamp)
  }

  emitWatermark(timestamp: number): void {
    this.#time.advance(this.#index, timestamp)
  }

  emitIdle(idle: boolean): void {
    this.#time.setIdle(this.#index, idle)
  }
}

/** Emits what changes; watermarks only while active, since those of idle inputs are ignored. */
class CombinedTime {
  readonly #output: TimeOutput
  readonly #watermark = new CombinedWatermark<InputIndex>()
  #emittedWatermark = noWatermark
  #emittedIdle = false

  constructor(output: TimeOutput) {
    this.#output = output
    this.#watermark.add(0)
    this.#watermark.add(1)
  }

  advance(index: InputIndex, timestamp: number): void {
    this.#watermark.advance(index, timestamp)
    this.#emit()
  }

  setIdle(index: InputIndex, idle: boolean): void {
    this.#watermark.setIdle(index, idle)
    this.#emit()
  }

  /** A combined watermark does not grow when it turns idle: only one of the two is emitted last. */
  #emit(): void {
    const { idle, watermark } = this.#watermark
    if (idle !== this.#emittedIdle) {
      this.#emittedIdle = idle
      this.#output.emitIdle(idle)
    }
    if (watermark <= this.#emittedWatermark) return
    this.#emittedWatermark = watermark
    this.#output.emitWatermark(watermark)
  }
}
