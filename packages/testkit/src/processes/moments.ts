import { writeSync } from 'node:fs'
import { type Kill, killMarker } from './process-plan.ts'

/** Counts how often a process comes to the moment at which it is to die. @internal */
export class Moments {
  readonly #kill: Kill
  #count = 0

  constructor(kill: Kill) {
    this.#kill = kill
  }

  /** Dies here if this is the place, and the time. */
  reach(point: string): void {
    if (point !== this.#kill.point) return
    this.#count += 1
    if (this.#count < this.#kill.nth) return
    writeSync(process.stdout.fd, `${killMarker(this.#kill)}\n`)
    process.kill(process.pid, 'SIGKILL')
    // The signal comes at once; until then, nothing goes on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
}
