import type { Sink } from '@flinkts/core/connector'
import type { Digest } from './load-jobs.ts'

/** A moment of a run. */
interface Mark {
  readonly records: number
  readonly wallMs: number
  readonly cpuMs: number
}

/** How fast a stretch of a run was. */
export interface Window {
  readonly recordsPerSecond: number
  readonly recordsPerCpuSecond: number
}

/** Sums what it gets and looks at the clocks at given numbers of records; keeps nothing. */
export class MeasuringSink {
  records = 0
  sum = 0
  /** When the first record came, milliseconds since 1970. */
  firstRecordMs: number | undefined
  readonly #marksAt: readonly number[]
  readonly #marks: Mark[] = []
  #nextMark: number

  /** `marksAt`: numbers of records, ascending. */
  constructor(marksAt: readonly number[]) {
    this.#marksAt = marksAt
    this.#nextMark = marksAt[0] ?? Infinity
  }

  /** From each mark to the next. */
  get windows(): readonly Window[] {
    return this.#marks.slice(1).map((mark, index) => windowOf(this.#marks[index] as Mark, mark))
  }

  /** Discarding is exactly once, like that of the peer. */
  get sink(): Sink<Digest, never, 'exactly-once'> {
    return {
      description: 'a sum in memory',
      guarantee: 'exactly-once',
      mechanism: 'nothing is kept',
      createWriter: () =>
        Promise.resolve({
          write: (digest) => this.#take(digest),
          flush: () => Promise.resolve(),
          close: () => Promise.resolve(),
        }),
    }
  }

  #take(digest: Digest): void {
    this.firstRecordMs ??= Date.now()
    this.records += 1
    this.sum = (this.sum + digest) | 0
    if (this.records === this.#nextMark) this.#mark()
  }

  #mark(): void {
    const { user, system } = process.cpuUsage()
    const cpuMs = (user + system) / 1000
    this.#marks.push({ records: this.records, wallMs: performance.now(), cpuMs })
    this.#nextMark = this.#marksAt[this.#marks.length] ?? Infinity
  }
}

function windowOf(from: Mark, to: Mark): Window {
  const records = to.records - from.records
  return {
    recordsPerSecond: (1000 * records) / (to.wallMs - from.wallMs),
    recordsPerCpuSecond: (1000 * records) / (to.cpuMs - from.cpuMs),
  }
}
