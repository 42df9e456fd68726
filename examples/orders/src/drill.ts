/**
 * Runs the job as its user would, in a process of its own, and kills that process, again and again.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Random } from './random.ts'

export interface DrillOptions {
  /** The URL of the database. */
  readonly url: string
  /** The directory of the job's files. */
  readonly output: string
  /** The directory of its checkpoints. */
  readonly checkpoints: string
  /** The file that gets what it prints. */
  readonly jobLog: string
  /** Tells what happens. */
  readonly say: (event: string) => void
  /** Called when the job ends without having been asked to. */
  readonly onFailure: (error: Error) => void
}

export interface DrillCounts {
  readonly kills: number
  /** Starts after a kill that got as far as new output. */
  readonly recoveries: number
  /** Kills that hit the job while it had not recovered from the one before. */
  readonly killsInRecovery: number
  /** From a kill to the next output, in milliseconds. */
  readonly slowestRecoveryMs: number
}

const command = fileURLToPath(import.meta.resolve('flinkts/bin/flinkts.js'))
const jobFile = path.relative(process.cwd(), fileURLToPath(new URL('job.ts', import.meta.url)))
const stopTimeoutMs = 60_000

/** The job, over all its starts. */
export class Drill {
  readonly #options: DrillOptions
  readonly #log: number
  #child: ChildProcess | undefined
  #closed = false
  #kills = 0
  #recoveries = 0
  #killsInRecovery = 0
  #slowestRecoveryMs = 0
  /** When the job was killed, while there is no new output; milliseconds since 1970. */
  #killedAt: number | undefined

  constructor(options: DrillOptions) {
    this.#options = options
    this.#log = openSync(options.jobLog, 'a')
  }

  get counts(): DrillCounts {
    return {
      kills: this.#kills,
      recoveries: this.#recoveries,
      killsInRecovery: this.#killsInRecovery,
      slowestRecoveryMs: this.#slowestRecoveryMs,
    }
  }

  /** Starts the job; nothing once the drill is closed. */
  async start(): Promise<void> {
    if (this.#closed) return
    const { checkpoints, output, url, onFailure } = this.#options
    const args = ['run', jobFile, '--checkpoint-dir', checkpoints]
    const child = spawn(process.execPath, [command, ...args], {
      env: { ...process.env, DATABASE_URL: url, OUTPUT_DIRECTORY: output },
      stdio: ['ignore', this.#log, this.#log],
      // A group of its own: Ctrl-C is for us, and we end it.
      detached: true,
    })
    this.#child = child
    child.on('exit', (code, signal) => {
      if (this.#child !== child) return
      onFailure(new Error(`the job ended by itself, with ${signal ?? `exit status ${code}`}`))
    })
    await once(child, 'spawn')
  }

  /**
   * Kills the job as nothing else does, and starts it again at once.
   *
   * @param circumstance - what it is doing, as far as is known
   */
  async killAndRestart(circumstance: string | undefined): Promise<void> {
    const inRecovery = this.#killedAt !== undefined
    const moment = inRecovery ? 'while it recovers from the last one' : circumstance
    const pid = this.#child?.pid
    this.#kill()
    this.#killedAt = Date.now()
    this.#kills += 1
    if (inRecovery) this.#killsInRecovery += 1
    const event = `KILL -9 no. ${this.#kills} hits the job (pid ${pid})`
    this.#options.say(moment === undefined ? event : `${event}, ${moment}`)
    await this.start()
  }

  /** Ends the job at once, for good; idempotent. */
  close(): void {
    this.#closed = true
    this.#kill()
  }

  /**
   * To be called when new output is seen.
   *
   * @param publishedAt - when it became visible, in milliseconds since 1970
   */
  outputSeen(publishedAt: number): void {
    if (this.#killedAt === undefined || publishedAt <= this.#killedAt) return
    const tookMs = publishedAt - this.#killedAt
    this.#killedAt = undefined
    this.#recoveries += 1
    this.#slowestRecoveryMs = Math.max(this.#slowestRecoveryMs, tookMs)
    this.#options.say(`the job has recovered: output goes on, ${seconds(tookMs)} after the kill`)
  }

  /** Asks the job to stop, which it does with a last checkpoint. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(stopTimeoutMs) })
    child.kill('SIGTERM')
    const [code, signal] = (await ended) as [number | null, string | null]
    if (code === 0) return
    throw new Error(`the job did not stop in order: ${signal ?? `exit status ${code}`}`)
  }

  #kill(): void {
    const child = this.#child
    this.#child = undefined
    child?.kill('SIGKILL')
  }
}

/**
 * Moments at which to kill, in milliseconds from the start: random, one in each of equal parts of
 * the time.
 */
export function killMoments(
  random: Random,
  { kills, durationMs }: { readonly kills: number; readonly durationMs: number },
): readonly number[] {
  const partMs = durationMs / kills
  return Array.from({ length: kills }, (_, index) => (index + random.fraction()) * partMs)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
