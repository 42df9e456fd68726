/**
 * `npm run drill [-- --kills n] [--seed n]`: a pipeline from Postgres to Postgres that is killed
 * with SIGKILL at random moments, and whose result must be exact.
 */
import { prepareServices, startPostgres } from '@flinkts/test-services'
import { type DrillSummary, isExact, runDrill } from './drill.ts'
import { type DrillOptions, help, parseOptions } from './options.ts'
import { killsPerRound } from './round.ts'

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
  const { kills, seed, mode } = options
  console.log(`${kills} kills, mode ${mode}; the choices have seed ${seed}`)
  console.log(`to repeat a round: --kills ${killsPerRound} --mode ${mode} --seed <its seed>`)
  const startedMs = performance.now()
  await prepareServices()
  await using server = await startPostgres({ settings: { fsync: 'off' } })
  const summary = await runDrill(server, options, console.log)
  console.log(`\n${describeSummary(summary)}`)
  console.log(`took ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`)
  return isExact(summary) ? 0 : 1
}

function describeSummary(summary: DrillSummary): string {
  const { kills, byMoment, byPhase, held, transactions, rows, changes, faults } = summary
  const lines: readonly (readonly [string, number])[] = [
    ['kills', kills],
    ...Object.entries(byPhase).map(([phase, count]) => [`  while ${phase}`, count] as const),
    ...Object.entries(byMoment).map(([moment, count]) => [`  aimed at: ${moment}`, count] as const),
    ['  between a prepare and its commit', held],
    ['transactions written', transactions],
    ['rows read', rows],
    ['changes streamed', changes],
    ...Object.entries(faults),
  ]
  return lines.map(([name, count]) => `${name.padEnd(36)} ${count}`).join('\n')
}
