/**
 * `npm run check [-- step ...]`: the quick checks, in order. Stops at the first failure and shows
 * what it printed.
 */
import { runStep } from './run-step.ts'
import { checkSteps, pickSteps } from './steps.ts'

for (const step of pickSteps(checkSteps, process.argv.slice(2))) {
  process.stdout.write(step.name.padEnd(10))
  const { failed, ms, output } = await runStep(step, 'capture')
  console.log(`${failed === 0 ? 'ok' : 'FAILED'}  ${(ms / 1000).toFixed(1)} s`)
  if (failed > 0) {
    console.log(`\n${output}`)
    process.exit(1)
  }
}
