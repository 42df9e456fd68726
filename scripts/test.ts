/**
 * `npm test [-- step ...]`: everything, to the end, whatever fails on the way. The last line sums
 * it up; it is left in `.test-results/summary.txt` too.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { runStep, type StepResult } from './run-step.ts'
import { pickSteps, testSteps, type Step } from './steps.ts'
import { sumCounts } from './test-counts.ts'

const results: StepResult[] = []
for (const step of pickSteps(testSteps, process.argv.slice(2))) results.push(await run(step))

const total = sumCounts(results)
const summary = `${total.passed} passed, ${total.failed} failed`
mkdirSync('.test-results', { recursive: true })
writeFileSync('.test-results/summary.txt', `${summary}\n`)
console.log(`\n${results.map(resultLine).join('\n')}\n\n${summary}`)
process.exitCode = total.failed === 0 ? 0 : 1

async function run(step: Step): Promise<StepResult> {
  console.log(`\n── ${step.name}`)
  const result = await runStep(step, step.vitestReport === undefined ? 'capture' : 'show')
  if (result.failed > 0) process.stdout.write(result.output)
  return result
}

function resultLine({ name, passed, failed, ms }: StepResult): string {
  const status = failed === 0 ? 'ok' : 'FAILED'
  const counts = `${passed} passed, ${failed} failed`
  return `${name.padEnd(12)} ${status.padEnd(7)} ${(ms / 1000).toFixed(1).padStart(6)} s  ${counts}`
}
