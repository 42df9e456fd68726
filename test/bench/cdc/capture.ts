import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { MeasuredProcess } from '../measured-process.ts'
import { databaseName, resetDatabase, slotActive, Workload } from './database.ts'
import { OutputWatch } from './output-watch.ts'
import type { InstalledPeer, Peer, PeerPlace } from './peer.ts'
import type { Login } from '../postgres-server.ts'

/** A peer and where it runs. */
export interface CaptureParts {
  readonly peer: Peer
  readonly installed: InstalledPeer
  readonly login: Login
  /** Holds output, state and log of the peer. */
  readonly folder: string
}

/** How a wait for output ended. */
export interface Waited {
  readonly events: number
  /** When the last new event was seen; by `performance.now()`. */
  readonly lastMs: number
  /** When the first new event was seen; undefined: there was none. */
  readonly firstMs: number | undefined
  readonly reached: boolean
}

const pollMs = 50
/** A peer that shows nothing new for so long has stopped working. */
const stalledMs = 75_000
const slotWaitMs = 60_000
const slotPollMs = 200

/** A peer that captures a fresh database: started, watched, killed and started again. */
export class Capture implements AsyncDisposable {
  readonly workload: Workload
  readonly #parts: CaptureParts
  readonly #place: PeerPlace
  readonly #watch: OutputWatch
  #process: MeasuredProcess | undefined
  #earlierCpuSeconds = 0

  private constructor(parts: CaptureParts, place: PeerPlace) {
    this.#parts = parts
    this.#place = place
    this.#watch = new OutputWatch(place.outputFolder, parts.peer.format)
    this.workload = new Workload(parts.login)
  }

  /** Makes the database and the folders anew, and starts nothing. */
  static async prepare(parts: CaptureParts, rows: number): Promise<Capture> {
    await resetDatabase(parts.login, rows)
    await rm(parts.folder, { recursive: true, force: true })
    const place = {
      login: parts.login,
      database: databaseName,
      outputFolder: path.join(parts.folder, 'output'),
      stateFolder: path.join(parts.folder, 'state'),
    }
    await mkdir(place.outputFolder, { recursive: true })
    await mkdir(place.stateFolder, { recursive: true })
    return new Capture(parts, place)
  }

  get outputFolder(): string {
    return this.#place.outputFolder
  }

  /** The exit code or the signal that ended the last start; undefined: it runs. */
  get endedBy(): number | string | undefined {
    return this.#running.exit
  }

  /** When it was last started; by `performance.now()`. */
  get startedMs(): number {
    return this.#running.startedMs
  }

  async start(): Promise<void> {
    const command = await this.#parts.installed.command(this.#place)
    this.#process = new MeasuredProcess(command, path.join(this.#parts.folder, 'peer.log'))
  }

  async stop(): Promise<void> {
    await this.#running.stop()
    this.#endOfProcess()
  }

  async kill(): Promise<void> {
    await this.#running.kill()
    this.#endOfProcess()
  }

  /** Of all starts. */
  cpuSeconds(): number {
    return this.#earlierCpuSeconds + (this.#process?.cpuSeconds() ?? 0)
  }

  /** Of the last start. */
  peakMib(): number {
    return this.#running.peakMib()
  }

  /** Visible events, now. */
  events(): number {
    return this.#watch.count()
  }

  /** Waits until there are so many events, or the peer has died or stalled. */
  async waitForEvents(events: number): Promise<Waited> {
    return this.#wait({ events, quietMs: stalledMs })
  }

  /** Waits until nothing new has come for the time that the peer may take. */
  async waitUntilQuiet(): Promise<Waited> {
    return this.#wait({ events: Infinity, quietMs: this.#parts.peer.settleMs })
  }

  /** Waits until the peer reads from its slot, if it is one that does so all the time. */
  async waitForSlot(): Promise<void> {
    if (!this.#parts.peer.streaming) return
    const givenUpMs = performance.now() + slotWaitMs
    while (!(await slotActive(this.#parts.login)) && performance.now() < givenUpMs) {
      await delay(slotPollMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.kill()
  }

  async #wait(until: { readonly events: number; readonly quietMs: number }): Promise<Waited> {
    const before = this.events()
    let events = before
    let lastMs = performance.now()
    let firstMs: number | undefined
    for (;;) {
      const found = this.events()
      const nowMs = performance.now()
      if (found !== events) {
        events = found
        lastMs = nowMs
        firstMs ??= nowMs
      }
      const reached = events >= until.events
      const given = nowMs - lastMs > until.quietMs || this.#running.exit !== undefined
      if (reached || given) return { events, lastMs, firstMs, reached }
      await delay(pollMs)
    }
  }

  get #running(): MeasuredProcess {
    if (this.#process === undefined) throw new Error('the peer was not started')
    return this.#process
  }

  #endOfProcess(): void {
    this.#earlierCpuSeconds += this.#running.cpuSeconds()
    this.#process = undefined
  }
}
