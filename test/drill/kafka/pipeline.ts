import { startKafka } from '@flinkts/test-services'
import type { Pipeline } from '../drill.ts'
import type { DrillOptions } from '../options.ts'
import { runRound } from './round.ts'

/** From one topic to another, on a broker of its own. */
export async function openKafkaPipeline({
  brokerKills,
}: Pick<DrillOptions, 'brokerKills'>): Promise<Pipeline> {
  const server = await startKafka()
  return {
    runRound: (options) => runRound(server, { ...options, brokerKills }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
