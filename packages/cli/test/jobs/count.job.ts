import { env } from 'node:process'
import { defineJob, type JobDefinition, valueState } from '@flinkts/core'
import { fileSink, fileSource } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'

interface Line {
  readonly id: number
  readonly key: string
}

/** Counts lines by key; what varies between tests comes from the environment. */
const job: JobDefinition = defineJob(
  'count',
  {
    checkpointIntervalMs: Number(env['INTERVAL_MS'] ?? 20),
    maxParallelism: Number(env['MAX_PARALLELISM'] ?? 128),
    retainedCheckpointsMax: 3,
  },
  (environment) => {
    environment
      .source(
        'lines',
        fileSource<Line>({
          path: env['INPUT'] ?? 'in',
          format: jsonLines<Line>(),
          watch: env['WATCH'] === undefined ? false : { intervalMs: 20 },
        }),
      )
      .keyBy(({ key }) => key)
      .process(env['COUNT_ID'] ?? 'count', {
        state: { count: valueState<number>() },
        process({ id, key }, state) {
          burn(Number(env['BURN'] ?? 0))
          const count = (state.count.get() ?? 0) + 1
          state.count.set(count)
          return [{ id, key, count }]
        },
      })
      .sinkTo(
        env['SINK_ID'] ?? 'files',
        fileSink({ path: env['OUTPUT'] ?? 'out', format: jsonLines() }),
      )
  },
)

export default job

/** Takes time, so that there is a moment to kill the job at. */
function burn(rounds: number): void {
  let value = 1
  for (let round = 0; round < rounds; round += 1) value = Math.imul(value, 31) + round
  if (value === 0.5) throw new Error('integers are no halves')
}
