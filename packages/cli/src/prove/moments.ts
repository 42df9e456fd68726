import { writeSync } from 'node:fs'
import process from 'node:process'
import { type Kill, messageStream, momentName, type ProcessMessage } from './process-plan.ts'

/** Counts the moments of a process, and ends it where it is to die. @internal */
export class Moments {
  readonly counts: Record<string, number> = {}
  readonly #kill: Kill | undefined

  constructor(kill: Kill | undefined) {
    this.#kill = kill
  }

  reach(operatorId: string, moment: string): void {
    const name = momentName({ operatorId, moment })
    const count = (this.counts[name] ?? 0) + 1
    this.counts[name] = count
    const kill = this.#kill
    if (kill === undefined || count !== kill.nth || momentName(kill) !== name) return
    tell({ type: 'killed' })
    process.kill(process.pid, 'SIGKILL')
    // The signal comes at once; until then, nothing goes on.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
}

/** Tells who started this process; done when it returns. @internal */
export function tell(message: ProcessMessage): void {
  writeSync(messageStream, `${JSON.stringify(message)}\n`)
}
