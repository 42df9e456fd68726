import { startPostgres } from '@flinkts/test-services'
import type { Pipeline } from '../drill.ts'
import type { DrillOptions } from '../options.ts'
import { runRound } from './round.ts'

/** From one Postgres database to another, on a server of its own. */
export async function openPostgresPipeline({
  rows,
  mode,
}: Pick<DrillOptions, 'rows' | 'mode'>): Promise<Pipeline> {
  const server = await startPostgres({ settings: { fsync: 'off' } })
  return {
    runRound: (options) => runRound(server, { ...options, rows, mode }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
