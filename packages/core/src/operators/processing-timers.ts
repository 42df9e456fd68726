import type { Cancellable } from '../common/scheduler.ts'
import type { OperatorContext } from './operator-definition.ts'

/** Gives up a timer and arms it again for another time; the clock decides what is due. */
const delayMsMax = 2 ** 31 - 1

/** @internal */
export interface NextTimer {
  /** The earliest time at which a timer may be due; `Infinity`: there is none. */
  readonly next: number
}

/**
 * Runs the processing-time timers of an operator: one timer of the scheduler for the earliest of
 * them. After the end of the input none fires any more (Flink: the timer service is quiesced). Runs
 * on the task's thread.
 *
 * @internal
 */
export class ProcessingTimers {
  readonly #timers: NextTimer
  readonly #context: OperatorContext
  readonly #onDue: () => void
  #armed: Cancellable | undefined
  #armedFor = Infinity
  #quiet = false

  /** `onDue`: called on the task when a timer may be due. */
  constructor(timers: NextTimer, context: OperatorContext, onDue: () => void) {
    this.#timers = timers
    this.#context = context
    this.#onDue = onDue
    context.signal.addEventListener('abort', () => this.quiesce(), { once: true })
  }

  /** Sees to it that the earliest timer runs. Call it after timers changed. */
  arm(): void {
    const { next } = this.#timers
    if (this.#quiet || next >= this.#armedFor) return
    this.#armed?.cancel()
    const { clock, scheduler } = this.#context.subtask
    this.#armedFor = next
    const delayMs = Math.min(Math.max(0, next - clock.now()), delayMsMax)
    this.#armed = scheduler.after(delayMs, () => this.#elapsed())
  }

  quiesce(): void {
    this.#quiet = true
    this.#armed?.cancel()
  }

  #elapsed(): void {
    this.#armedFor = Infinity
    this.#context.runOnTask(() => {
      if (this.#quiet) return
      this.#onDue()
      this.arm()
    })
  }
}
