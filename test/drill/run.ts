/**
 * `npm run drill [-- postgres|kafka] [--kills n] [--seed n]`: a pipeline that is killed with
 * SIGKILL at random moments, and whose result must be exact.
 */
import { prepareServices } from '@flinkts/test-services'
import { describeSummary, isExact, killsPerRound, type Pipeline, runDrill } from './drill.ts'
import { openKafkaPipeline } from './kafka/pipeline.ts'
import { type DrillOptions, help, parseOptions } from './options.ts'
import { openPostgresPipeline } from './postgres/pipeline.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  let options: DrillOptions
  try {
    options = parseOptions(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    return 2
  }
  if (options.help) {
    console.log(help)
    return 0
  }
  const { kills, seed, pipeline: name } = options
  console.log(`${name}: ${kills} kills; the choices have seed ${seed}`)
  console.log(`to repeat a round: --kills ${killsPerRound} --seed <its seed>, options as now`)
  const startedMs = performance.now()
  await prepareServices()
  await using pipeline = await open(options)
  const summary = await runDrill(pipeline, options, console.log)
  console.log(`\n${describeSummary(summary)}`)
  console.log(`took ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`)
  return isExact(summary) ? 0 : 1
}

function open(options: DrillOptions): Promise<Pipeline> {
  return options.pipeline === 'kafka' ? openKafkaPipeline(options) : openPostgresPipeline(options)
}
