import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { violation } from '../engine/violation.ts'
import { finishedMarker, killMarker, type ProcessPlan } from './process-plan.ts'

/**
 * Where Node keeps compiled modules unless told otherwise, as `enableCompileCache` would: a run
 * starts many processes of the same modules. The ones that come to their end fill it.
 */
const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }
const runMsByDefault = 60_000
const exitMsMax = 5_000

/** How a job runs in a process. @internal */
export interface ProcessRun<Plan extends ProcessPlan> {
  /** The module of the process, from this folder and without its ending: source, or built. */
  readonly main: string
  readonly plan: Plan
  /** Gets every line that the process prints. */
  readonly onLine?: (line: string) => void
  /** After so many milliseconds it is ended. Default: a minute. */
  readonly runMsMax?: number
}

/**
 * Runs a job in a process, to its end or to where it kills itself.
 *
 * @throws FlinktsError FLINKTS_CONFORMANCE_VIOLATED if it ends in any other way, or not at all.
 * @internal
 */
export async function runProcess<Plan extends ProcessPlan>(run: ProcessRun<Plan>): Promise<void> {
  const { plan } = run
  const { output, signal, exitCode, stuck } = await startProcess(run).ended
  if (plan.kill === undefined) {
    if (stuck) throw violation(`after the job had finished, something kept the process alive`)
    if (exitCode === 0 && output.includes(finishedMarker)) return
    if (signal === 'SIGKILL') throw violation(`a job did not come to its end: ${tail(output)}`)
    throw violation(`a job in a process of its own failed: ${tail(output)}`)
  }
  if (signal === 'SIGKILL' && output.includes(killMarker(plan.kill))) return
  const { point, nth } = plan.kill
  throw violation(`a process did not come to ${point} for time ${nth}: ${tail(output)}`)
}

/**
 * Runs a job in a process as long as somebody looks at it.
 *
 * @throws what `action` threw; FlinktsError FLINKTS_CONFORMANCE_VIOLATED if the process ends first.
 * @internal
 */
export async function watchProcess<Plan extends ProcessPlan>(
  run: ProcessRun<Plan>,
  action: () => Promise<void>,
): Promise<void> {
  const { ended, kill } = startProcess(run)
  try {
    const early = ended.then(({ output }) => {
      throw violation(`a job in a process of its own ended before its time: ${tail(output)}`)
    })
    await Promise.race([action(), early])
  } finally {
    kill()
    await ended
  }
}

interface Ended {
  readonly output: string
  readonly exitCode: number | undefined
  readonly signal: NodeJS.Signals | undefined
  /** It had finished, and did not exit. */
  readonly stuck: boolean
}

interface StartedProcess {
  readonly ended: Promise<Ended>
  /** Ends it, wherever it is. */
  readonly kill: () => void
}

function startProcess<Plan extends ProcessPlan>({
  main,
  plan,
  onLine = () => {},
  runMsMax = runMsByDefault,
}: ProcessRun<Plan>): StartedProcess {
  const module = fileURLToPath(new URL(`${main}${extname(import.meta.url)}`, import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, module, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...compileCache, ...process.env },
  })
  createInterface(child.stdout).on('line', onLine)
  let output = ''
  let stuck = false
  const kill = (): void => void child.kill('SIGKILL')
  let timer = setTimeout(kill, runMsMax)
  const take = (text: string): void => {
    output += text
    if (!text.includes(finishedMarker)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      stuck = true
      kill()
    }, exitMsMax)
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer)
      resolve({ output, exitCode: exitCode ?? undefined, signal: signal ?? undefined, stuck })
    })
  })
  return { ended, kill }
}

const tailLength = 2000

function tail(output: string): string {
  const text = output.trim()
  return text === '' ? 'it printed nothing' : text.slice(-tailLength)
}
