/** The rest of an emission that had to pause. @internal */
export interface Resumable {
  /** Goes on emitting; suspends itself again if it must pause once more. */
  resume(): void
}

/**
 * Whether a chain of operators may take another record. It halts while an output channel is full,
 * while a sink's write is pending, and while an emission that paused in its middle (a generator
 * that yields more than the outputs take) is not done. Runs on the task's thread.
 *
 * @internal
 */
export class FlowControl {
  /** Read on the record path: nothing new may be started. */
  halted = false
  /**
   * Read on the record path: the operator at the head has no room for a further record or
   * watermark. Unlike a chain that halts, it goes on emitting, and barriers pass.
   */
  held = false
  #fullChannels = 0
  #pendingWrites = 0
  #suspended: Resumable[] = []
  /** Called when the chain may go on after it had halted. Set by the task. */
  onRelease: () => void = () => {}
  /** Called when a pending write failed. Set by the task. */
  onFailure: (cause: unknown) => void = () => {}

  /** Whether something inside the chain is unfinished, so that no barrier may pass. */
  get unfinished(): boolean {
    return this.#pendingWrites > 0 || this.#suspended.length > 0
  }

  /** Whether the chain waits for its outputs or writes, and not only for its turn. */
  get blocked(): boolean {
    return this.#fullChannels > 0 || this.#pendingWrites > 0
  }

  readonly channelFull = (full: boolean): void => {
    this.#fullChannels += full ? 1 : -1
    this.#update()
  }

  /** Halts the chain until `write` settles. */
  waitFor(write: Promise<void>): void {
    this.#pendingWrites += 1
    this.#update()
    write.then(
      () => {
        this.#pendingWrites -= 1
        this.#update()
      },
      (cause: unknown) => this.onFailure(cause),
    )
  }

  /** Holds the input back, or not any more. */
  hold(held: boolean): void {
    if (held === this.held) return
    this.held = held
    if (!held) this.onRelease()
  }

  /** Halts the chain until `emission` has been resumed to its end. Order is kept. */
  suspend(emission: Resumable): void {
    this.#suspended.push(emission)
    this.halted = true
  }

  /**
   * Resumes what is suspended, as far as the outputs take it: the innermost first, and whatever it
   * suspends anew before what comes behind it.
   */
  resume(): void {
    if (this.#suspended.length === 0 || this.blocked) return
    const emissions = this.#suspended
    this.#suspended = []
    this.halted = false
    for (const [index, emission] of emissions.entries()) {
      if (this.halted) {
        this.#suspended.push(...emissions.slice(index))
        break
      }
      emission.resume()
    }
    this.halted = this.blocked || this.#suspended.length > 0
  }

  #update(): void {
    const wasHalted = this.halted
    this.halted = this.blocked || this.#suspended.length > 0
    if (wasHalted && !this.blocked) this.onRelease()
  }
}
