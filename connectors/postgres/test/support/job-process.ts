import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { assert } from '@flinkts/core/connector'
import type { PostgresDatabase } from '@flinkts/test-services'

/** Processes of one job, one after the other; each gets `DATABASE_URL` and `CHECKPOINTS`. */
export class JobProcess implements Disposable {
  readonly checkpoints: string = mkdtempSync(join(tmpdir(), 'flinkts-postgres-job-'))
  readonly #script: string
  readonly #environment: Readonly<Record<string, string>>
  #child: ChildProcess | undefined
  #stderr = ''

  constructor(
    script: string,
    { connection }: PostgresDatabase,
    environment: Readonly<Record<string, string>> = {},
  ) {
    const { user, password, host, port, database } = connection
    this.#script = script
    this.#environment = {
      ...environment,
      DATABASE_URL: `postgres://${user}:${password}@${host}:${port}/${database}`,
      CHECKPOINTS: this.checkpoints,
    }
  }

  start(): void {
    this.#stderr = ''
    const child = spawn(process.execPath, ['--conditions=@flinkts/source', this.#script], {
      env: this.#environment,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
    })
    this.#child = child
  }

  /**
   * Kills the process when `reached` holds. @returns whether it was killed, and not done before.
   */
  async killWhen(reached: () => Promise<boolean> | boolean): Promise<boolean> {
    while (this.#running) {
      if (!(await reached())) continue
      this.#child?.kill('SIGKILL')
      await this.ended()
      return true
    }
    const exitCode = await this.ended()
    assert(exitCode === 0, `the job failed: ${this.#stderr}`)
    return false
  }

  /** Its exit code, if it was not killed. */
  async ended(): Promise<number | undefined> {
    if (this.#child !== undefined && this.#running) await once(this.#child, 'exit')
    return this.#child?.exitCode ?? undefined
  }

  get #running(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null
  }

  [Symbol.dispose](): void {
    this.#child?.kill('SIGKILL')
    rmSync(this.checkpoints, { recursive: true, force: true })
  }
}
