/**
 * Where an operator emits: the next operator of its chain, or a channel. No timestamp is
 * `-Infinity`. Synchronous; runs on the task's thread.
 *
 * @internal
 */
export interface Output<T = unknown> {
  collect(value: T, timestamp: number): void
  emitWatermark(timestamp: number): void
  emitIdle(idle: boolean): void
}

/** Emits to several outputs, in their order. */
class BroadcastOutput<T> implements Output<T> {
  readonly #outputs: readonly Output<T>[]

  constructor(outputs: readonly Output<T>[]) {
    this.#outputs = outputs
  }

  collect(value: T, timestamp: number): void {
    for (const output of this.#outputs) output.collect(value, timestamp)
  }

  emitWatermark(timestamp: number): void {
    for (const output of this.#outputs) output.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    for (const output of this.#outputs) output.emitIdle(idle)
  }
}

/** `outputs` as one. @internal */
export function combineOutputs<T>(outputs: readonly Output<T>[]): Output<T> {
  const [only] = outputs
  return outputs.length === 1 && only !== undefined ? only : new BroadcastOutput(outputs)
}

/** The main output of an operator, whose time is that of its side outputs too. */
class MainOutput<T> implements Output<T> {
  readonly #main: Output<T>
  readonly #all: Output<T>

  constructor(main: Output<T>, sides: readonly Output<T>[]) {
    this.#main = main
    this.#all = combineOutputs([main, ...sides])
  }

  collect(value: T, timestamp: number): void {
    this.#main.collect(value, timestamp)
  }

  emitWatermark(timestamp: number): void {
    this.#all.emitWatermark(timestamp)
  }

  emitIdle(idle: boolean): void {
    this.#all.emitIdle(idle)
  }
}

/** `main`, whose watermarks and idleness go to the side outputs too. @internal */
export function withSideOutputs<T>(main: Output<T>, sides: readonly Output<T>[]): Output<T> {
  return sides.length === 0 ? main : new MainOutput(main, sides)
}
