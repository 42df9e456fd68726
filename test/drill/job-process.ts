import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'

const stopTimeoutMs = 60_000
const lastWordsCharacters = 4_000

export interface JobPlace {
  /** What is run. */
  readonly script: string
  /** What it is told, besides CHECKPOINTS. */
  readonly environment: Readonly<Record<string, string>>
  /** A folder for checkpoints and log. */
  readonly folder: string
}

/** The process of the job, over all its starts. */
export class JobProcess implements Disposable {
  /** The folder of its checkpoints. */
  readonly checkpoints: string
  readonly #place: JobPlace
  readonly #logFile: string
  readonly #log: number
  #child: ChildProcess | undefined
  #running = Promise.withResolvers<unknown>()

  constructor(place: JobPlace) {
    this.#place = place
    this.checkpoints = path.join(place.folder, 'checkpoints')
    this.#logFile = path.join(place.folder, 'job.log')
    this.#log = openSync(this.#logFile, 'a')
  }

  start(): void {
    const { script, environment } = this.#place
    const child = spawn(process.execPath, ['--conditions=@flinkts/source', script], {
      env: { ...environment, CHECKPOINTS: this.checkpoints },
      stdio: ['ignore', 'pipe', this.#log],
    })
    this.#child = child
    this.#running = Promise.withResolvers()
    child.stdout?.once('data', this.#running.resolve)
  }

  /** Resolves when it runs, its checks being done, or when it has ended. */
  async running(): Promise<void> {
    const child = this.#child
    if (child === undefined || !isAlive(child)) return
    await Promise.race([this.#running.promise, once(child, 'exit')])
  }

  /** SIGKILL. @throws Error if it had ended by itself */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.assertAlive()
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
    if (child.signalCode !== 'SIGKILL') throw this.#failed(child)
  }

  /** SIGTERM: it stops with a last checkpoint. @throws Error if it fails to */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.assertAlive()
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(stopTimeoutMs) })
    child.kill('SIGTERM')
    await ended
    if (child.exitCode !== 0) throw this.#failed(child)
  }

  /** @throws Error with its last words if it has ended by itself */
  assertAlive(): void {
    if (this.#child !== undefined && !isAlive(this.#child)) throw this.#failed(this.#child)
  }

  /** What all its starts have logged, an object a line. */
  log(): readonly string[] {
    return readFileSync(this.#logFile, 'utf8').split('\n')
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL')
    closeSync(this.#log)
  }

  #failed({ exitCode, signalCode }: ChildProcess): Error {
    const lastWords = readFileSync(this.#logFile, 'utf8').slice(-lastWordsCharacters)
    return new Error(`the job ended by itself, with ${signalCode ?? exitCode}:\n${lastWords}`)
  }
}

function isAlive({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null
}
