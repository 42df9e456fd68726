import type { ThreadBells } from '../threads/thread-host.ts'

/**
 * Wakes threads by a word of shared memory each: an event of the woken one's event loop, which does
 * not keep it alive.
 *
 * @internal
 */
export class AtomicsBells implements ThreadBells {
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #own: number

  /** `own`: the index of this thread. */
  constructor(buffer: SharedArrayBuffer, own: number) {
    this.#words = new Int32Array(buffer)
    this.#own = own
  }

  ring(thread: number): void {
    Atomics.add(this.#words, thread, 1)
    Atomics.notify(this.#words, thread)
  }

  listen(onRing: () => void): void {
    for (;;) {
      const heard = Atomics.load(this.#words, this.#own)
      onRing()
      const next = Atomics.waitAsync(this.#words, this.#own, heard)
      if (!next.async) continue
      void next.value.then(() => this.listen(onRing))
      return
    }
  }
}
