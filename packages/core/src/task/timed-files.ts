import type { Clock } from '../common/clock.ts'
import type { Storage } from '../common/storage.ts'

/** What a task does with files: it reads and writes its state. @internal */
export type StateFiles = Pick<Storage, 'location' | 'read' | 'write'>

/**
 * The files of a task. Chunks are made on the task's thread, one at a time and each when it is
 * asked for: no record is processed meanwhile. This knows how long the longest of them took.
 *
 * @internal
 */
export class TimedFiles implements StateFiles {
  readonly #files: StateFiles
  readonly #clock: Clock
  #longestMs = 0

  constructor(files: StateFiles, clock: Clock) {
    this.#files = files
    this.#clock = clock
  }

  get location(): string {
    return this.#files.location
  }

  /** The longest time that making a chunk took since `restart`, in milliseconds. */
  get longestChunkMs(): number {
    return this.#longestMs
  }

  restart(): void {
    this.#longestMs = 0
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.#files.read(path)
  }

  write(path: string, chunks: Iterable<Uint8Array>): Promise<number> {
    return this.#files.write(path, this.#timed(chunks))
  }

  *#timed(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
    let start = this.#clock.monotonic()
    for (const chunk of chunks) {
      this.#longestMs = Math.max(this.#longestMs, this.#clock.monotonic() - start)
      yield chunk
      start = this.#clock.monotonic()
    }
    this.#longestMs = Math.max(this.#longestMs, this.#clock.monotonic() - start)
  }
}
