import type { MeterSettings } from './load.ts'

/** How fast a stretch of a run was. */
export interface Window {
  readonly recordsPerSecond: number
  readonly recordsPerCpuSecond: number
}

/** Both in milliseconds, from any beginning; neither goes back. */
export interface MeterClocks {
  wall(): number
  /** Of the whole process. */
  cpu(): number
}

interface Mark {
  readonly records: number
  readonly wallMs: number
  readonly cpuMs: number
}

/** Between two looks at the processor time, which cost more than those at the clock. */
const lookMs = 10
/** A window of a process that gets little of the machine ends after that many times its length. */
const wallFactor = 6

/**
 * Measures a run in consecutive windows of processor time, behind a warm-up: as the peer does.
 *
 *     warming ──► measuring ──last window──► over
 */
export class RunMeter {
  readonly #settings: MeterSettings
  readonly #clocks: MeterClocks
  readonly #windows: Window[] = []
  readonly #startCpuMs: number
  #windowStart: Mark | undefined
  #lookAtMs = 0
  #idleSinceMs = Infinity
  #pauseMs = 0

  constructor(settings: MeterSettings, clocks: MeterClocks) {
    this.#settings = settings
    this.#clocks = clocks
    this.#startCpuMs = clocks.cpu()
  }

  get windows(): readonly Window[] {
    return this.#windows
  }

  /** The longest time between two turns of the source, in milliseconds; since the warm-up. */
  get pauseMs(): number {
    return this.#pauseMs
  }

  get #over(): boolean {
    return this.#windows.length === this.#settings.windowCount
  }

  /** A turn of the source begins, with that many records behind it. @returns whether to go on. */
  turnBegins(records: number): boolean {
    const wallMs = this.#clocks.wall()
    if (this.#windowStart !== undefined) {
      this.#pauseMs = Math.max(this.#pauseMs, wallMs - this.#idleSinceMs)
    }
    if (wallMs < this.#lookAtMs) return true
    this.#lookAtMs = wallMs + lookMs
    this.#look({ records, wallMs, cpuMs: this.#clocks.cpu() })
    return !this.#over
  }

  turnEnds(): void {
    this.#idleSinceMs = this.#clocks.wall()
  }

  #look(now: Mark): void {
    const { warmUp, warmUpRecords, window } = this.#settings
    const start = this.#windowStart
    if (start === undefined) {
      const warm = now.cpuMs - this.#startCpuMs >= 1000 * warmUp
      if (warm && now.records >= warmUpRecords) this.#windowStart = now
      return
    }
    const cpuMs = now.cpuMs - start.cpuMs
    const wallMs = now.wallMs - start.wallMs
    if (cpuMs < 1000 * window && wallMs < wallFactor * 1000 * window) return
    const records = now.records - start.records
    this.#windows.push({
      recordsPerSecond: (1000 * records) / wallMs,
      recordsPerCpuSecond: (1000 * records) / cpuMs,
    })
    this.#windowStart = now
  }
}
