import { type ChildProcess, spawn } from 'node:child_process'
import { extname } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { ProcessCounts, ProcessFailure, ProcessMessage, ProcessPlan } from './process-plan.ts'

/** How a process of a proof ended. @internal */
export type ProcessOutcome =
  | { readonly type: 'killed' }
  | ({ readonly type: 'finished' } & ProcessCounts)
  | { readonly type: 'failed'; readonly failure: ProcessFailure }

/**
 * Runs the job in a process, to its end or to where it kills itself.
 *
 * @param limits.timeoutMs - After so long it is ended, and has failed.
 * @param limits.signal - Ends it, too.
 * @internal
 */
export function runProcess(
  plan: ProcessPlan,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<ProcessOutcome> {
  const { timeoutMs, signal } = limits
  const main = fileURLToPath(new URL(`./prove-main${extname(import.meta.url)}`, import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, main, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const heard = new Heard(child)
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
  }, timeoutMs)
  const abort = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, endSignal) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      const message = heard.message
      if (message !== undefined && !timedOut) resolve(message)
      else if (timedOut) resolve(failed(`it did not end within ${timeoutMs / 1000} s`, heard))
      else resolve(failed(`its process ended with ${endSignal ?? exitCode}`, heard))
    })
  })
}

function failed(problem: string, { tail }: Heard): ProcessOutcome {
  const output = tail === '' ? '' : `; it printed: ${tail}`
  return { type: 'failed', failure: { code: 'FLINKTS_PROCESS_FAILED', message: problem + output } }
}

const outputLengthMax = 2000

/** What a process says: its message, and the end of what it prints. */
class Heard {
  #messages = ''
  #output = ''

  constructor(child: ChildProcess) {
    child.stdio[3]?.on('data', (bytes: Uint8Array) => {
      this.#messages += Buffer.from(bytes).toString('utf8')
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-outputLengthMax)
      })
    }
  }

  get message(): ProcessMessage | undefined {
    const [line] = this.#messages.split('\n')
    return line === undefined || line === '' ? undefined : (JSON.parse(line) as ProcessMessage)
  }

  get tail(): string {
    return this.#output.trim()
  }
}
