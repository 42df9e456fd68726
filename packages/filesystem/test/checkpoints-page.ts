import { defineJob, type JobDefinition, valueState } from '@flinkts/core'
import { fileSink, fileSource } from '@flinkts/filesystem'
import { jsonLines } from '@flinkts/formats'

export interface Visit {
  readonly page: string
}

export function visitsPerPage(
  directory: string,
  beforeEach: (visit: Visit) => void,
): JobDefinition {
  return defineJob(
    'visits-per-page',
    {
      checkpointIntervalMs: 1000,
      retainedCheckpointsMax: 3,
      restart: { type: 'fixed-delay', attemptsMax: 5, delayMs: 100 },
    },
    (env) => {
      env
        .source('visits', fileSource<Visit>({ path: `${directory}/in`, format: jsonLines() }))
        .keyBy(({ page }) => page)
        .process('count', {
          state: { visits: valueState<number>() },
          process(visit, { visits }) {
            beforeEach(visit)
            visits.set((visits.get() ?? 0) + 1)
            return [{ page: visit.page, visits: visits.get() }]
          },
        })
        .sinkTo('counts', fileSink({ path: `${directory}/out`, format: jsonLines() }))
    },
  )
}
