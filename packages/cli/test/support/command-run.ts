import { type ChildProcess, spawn } from 'node:child_process'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/flinkts.js', import.meta.url))

/** How a command ended. */
export interface CommandResult {
  /** Absent if a signal ended it. */
  readonly exitCode: number | undefined
  readonly stdout: string
  /** The lines of standard error. */
  readonly lines: readonly string[]
}

/** A `flinkts` command in a process of its own. */
export class CommandRun {
  readonly ended: Promise<CommandResult>
  readonly #child: ChildProcess
  readonly #lines: string[] = []
  #onLine: () => void = () => {}

  constructor(
    args: readonly string[],
    options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  ) {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: options.cwd,
      env: { PATH: process.env['PATH'], ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    createInterface({ input: child.stderr }).on('line', (line) => {
      this.#lines.push(line)
      this.#onLine()
    })
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (exitCode) => {
        resolve({ exitCode: exitCode ?? undefined, stdout, lines: this.#lines })
        this.#onLine()
      })
    })
  }

  /** Resolves when `count` lines of standard error contain `text`; `false` if it ended before. */
  async sees(text: string, count = 1): Promise<boolean> {
    let ended = false
    void this.ended.then(() => {
      ended = true
    })
    for (;;) {
      if (this.#lines.filter((line) => line.includes(text)).length >= count) return true
      if (ended) return false
      await Promise.race([
        this.ended,
        new Promise<void>((resolve) => {
          this.#onLine = resolve
        }),
      ])
    }
  }

  /** Closes our end of its standard error: it writes into a broken pipe from now on. */
  stopListening(): void {
    this.#child.stderr?.destroy()
  }

  kill(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
    this.#child.kill(signal)
  }
}
