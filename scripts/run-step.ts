import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { Step } from './steps.ts'
import { countTests, type TestCounts } from './test-counts.ts'

/** How a step ended. */
export interface StepResult extends TestCounts {
  readonly name: string
  /** What the step printed; empty when it went straight to the terminal. */
  readonly output: string
  readonly ms: number
}

/** `capture` keeps the output for a failure, `show` lets people watch. */
export type OutputMode = 'capture' | 'show'

/** Runs the commands of a step in the workspace, until one fails. */
export async function runStep(step: Step, mode: OutputMode): Promise<StepResult> {
  const startedAt = performance.now()
  if (step.vitestReport !== undefined) rmSync(step.vitestReport, { force: true })
  let output = ''
  let exitCode = 0
  for (const command of step.commands) {
    const result = await runCommand(command, mode)
    output += result.output
    exitCode = result.exitCode
    if (exitCode !== 0) break
  }
  const counts = stepCounts(step, exitCode)
  return { ...counts, name: step.name, output, ms: performance.now() - startedAt }
}

function stepCounts(step: Step, exitCode: number): TestCounts {
  if (step.vitestReport === undefined) {
    return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
  }
  const report = existsSync(step.vitestReport) ? readFileSync(step.vitestReport, 'utf8') : undefined
  return countTests(report, exitCode)
}

function runCommand(
  [program = '', ...args]: readonly string[],
  mode: OutputMode,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}
  const env = { ...process.env, ...color, DO_NOT_TRACK: '1', TURBO_TELEMETRY_DISABLED: '1' }
  const child = spawn(program, args, {
    env,
    stdio: mode === 'show' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ exitCode: 1, output: `${program}: ${error.message}\n` }))
    child.on('close', (code) => {
      resolve({ exitCode: code ?? 1, output: Buffer.concat(chunks).toString() })
    })
  })
}
