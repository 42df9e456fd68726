import type { FlowControl, Resumable } from '../network/flow-control.ts'

/** What time makes due in an operator. @internal */
export interface DueWork {
  /** Does the next piece, which may emit. @returns false: nothing is due any more. */
  next(): boolean
  /** Everything is done: the watermark may go on. */
  done(): void
}

/**
 * Does what has become due, one piece after the other, and pauses while the chain is halted: a
 * watermark that fires a million timers never runs ahead of what the outputs take.
 *
 * @internal
 */
export function advanceTime(flow: FlowControl, work: DueWork): void {
  new TimeAdvance(flow, work).resume()
}

class TimeAdvance implements Resumable {
  readonly #flow: FlowControl
  readonly #work: DueWork

  constructor(flow: FlowControl, work: DueWork) {
    this.#flow = flow
    this.#work = work
  }

  resume(): void {
    while (!this.#flow.halted) {
      if (this.#work.next()) continue
      this.#work.done()
      return
    }
    this.#flow.suspend(this)
  }
}
