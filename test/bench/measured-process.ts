import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parseStat, type ProcessStat } from './process-stat.ts'

/** What to start. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

const sampleMs = 200
const stopTimeoutMs = 15_000

/**
 * A process with all that it starts, in a session of its own: started, measured from `/proc`, and
 * ended as one. Linux only.
 */
export class MeasuredProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #timer: NodeJS.Timeout
  #peakBytes = 0
  #cpuSeconds = 0
  /** When it was started, by `performance.now()`. */
  readonly startedMs: number

  /** @param logFile - Gets what it prints, behind what is there. */
  constructor(command: Command, logFile: string) {
    const log = openSync(logFile, 'a')
    this.startedMs = performance.now()
    this.#child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: command.env,
      stdio: ['ignore', log, log],
      detached: true,
    })
    closeSync(log)
    this.#ended = once(this.#child, 'exit')
    this.#ended.catch(() => undefined)
    this.#timer = setInterval(() => this.#sample(), sampleMs)
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** The exit code or the signal that ended it; undefined while it lives. */
  get exit(): number | string | undefined {
    return this.#child.exitCode ?? this.#child.signalCode ?? undefined
  }

  /** User and system time until now of all its processes, also of those that have ended. */
  cpuSeconds(): number {
    this.#sample()
    return this.#cpuSeconds
  }

  /** The most memory that its processes held, summed, in MiB. */
  peakMib(): number {
    this.#sample()
    return this.#peakBytes / 2 ** 20
  }

  /** SIGKILL to all of it at once. */
  async kill(): Promise<void> {
    this.#sample()
    this.#signal('SIGKILL')
    await this.#settle()
  }

  /** SIGTERM, and SIGKILL if that does not end it soon. */
  async stop(): Promise<void> {
    this.#sample()
    this.#signal('SIGTERM')
    await Promise.race([this.#ended, delay(stopTimeoutMs, undefined, { ref: false })])
    this.#signal('SIGKILL')
    await this.#settle()
  }

  async #settle(): Promise<void> {
    clearInterval(this.#timer)
    if (this.alive) await this.#ended
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch (cause) {
      // Nobody of the group is left.
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'ESRCH')) throw cause
    }
  }

  #sample(): void {
    const session = this.#child.pid
    if (session === undefined) return
    const members = processesOf(session)
    const cpuSeconds = members.reduce((sum, stat) => sum + stat.cpuSeconds, 0)
    this.#cpuSeconds = Math.max(this.#cpuSeconds, cpuSeconds)
    const peakBytes = members.reduce((sum, { pid }) => sum + peakBytesOf(pid), 0)
    this.#peakBytes = Math.max(this.#peakBytes, peakBytes)
  }
}

function processesOf(session: number): readonly ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const text = readOrEmpty(`/proc/${pid}/stat`)
      const stat = text === '' ? undefined : parseStat(text)
      return stat?.session === session ? [stat] : []
    })
}

function peakBytesOf(pid: number): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readOrEmpty(`/proc/${pid}/status`))
  return Number(match?.[1] ?? 0) * 1024
}

/** A process may end at any time: then it has no files. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
