import { spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { violation } from '../engine/violation.ts'
import { finishedMarker, killMarker, type ProcessPlan } from './process-plan.ts'

const runMsMax = 60_000
const exitMsMax = 5_000

/**
 * Runs a job in a process, to its end or to where it kills itself. Beside this file, as source or
 * built, is the module of that process.
 *
 * @throws FlinktsError FLINKTS_CONFORMANCE_VIOLATED if it ends in any other way, or not at all.
 * @internal
 */
export async function runProcess(plan: ProcessPlan): Promise<void> {
  const main = new URL(`process-main${extname(import.meta.url)}`, import.meta.url)
  const { output, signal, exitCode, stuck } = await ended(fileURLToPath(main), plan)
  if (plan.kill === undefined) {
    if (stuck) throw violation(`after the job had finished, something kept the process alive`)
    if (exitCode === 0 && output.includes(finishedMarker)) return
    throw violation(`a job in a process of its own failed: ${tail(output)}`)
  }
  if (signal === 'SIGKILL' && output.includes(killMarker(plan.kill))) return
  const { point, nth } = plan.kill
  throw violation(`a process did not come to ${point} for time ${nth}: ${tail(output)}`)
}

interface Ended {
  readonly output: string
  readonly exitCode: number | undefined
  readonly signal: NodeJS.Signals | undefined
  /** It had finished, and did not exit. */
  readonly stuck: boolean
}

function ended(main: string, plan: ProcessPlan): Promise<Ended> {
  const child = spawn(process.execPath, [...process.execArgv, main, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let stuck = false
  let timer = setTimeout(() => child.kill('SIGKILL'), runMsMax)
  const take = (text: string): void => {
    output += text
    if (!text.includes(finishedMarker)) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      stuck = true
      child.kill('SIGKILL')
    }, exitMsMax)
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer)
      resolve({ output, exitCode: exitCode ?? undefined, signal: signal ?? undefined, stuck })
    })
  })
}

const tailLength = 2000

function tail(output: string): string {
  const text = output.trim()
  return text === '' ? 'it printed nothing' : text.slice(-tailLength)
}
