/** How often each auction was bid for in ten seconds; its first argument is the number of bids. */
import { BroadcastChannel } from 'node:worker_threads'
import {
  defineJob,
  type JobDefinition,
  monotonousTimestamps,
  tumblingEventTimeWindows,
} from '@flinkts/core'
import type { Sink } from '@flinkts/core/connector'
import { bidSource } from './bid-source.ts'

/** What a thread of the job tells. */
export type Mark =
  /** By the clock of all threads, in milliseconds since 1970. */
  | { readonly type: 'warm' | 'end'; readonly ms: number }
  | { readonly type: 'counted'; readonly bids: number }

/** Where it is heard. */
export const markChannel = 'flinkts-bench-threads'

const windowMs = 10_000
const count = Number(process.argv[2])

function tell(mark: Mark): void {
  const channel = new BroadcastChannel(markChannel)
  channel.postMessage(mark)
  channel.close()
}

function now(): number {
  return performance.timeOrigin + performance.now()
}

/** Adds up what was counted: with nothing lost, that is the number of bids. */
function sumSink(): Sink<number, never, 'exactly-once'> {
  return {
    description: 'a sum in memory',
    guarantee: 'exactly-once',
    mechanism: 'nothing is kept',
    createWriter: () => {
      let bids = 0
      return Promise.resolve({
        write: (counted) => {
          bids += counted
        },
        flush: () => Promise.resolve(),
        close: () => {
          tell({ type: 'counted', bids })
          return Promise.resolve()
        },
      })
    },
  }
}

const job: JobDefinition = defineJob('window-count', { checkpointIntervalMs: 1000 }, (env) => {
  env
    .source(
      'bids',
      bidSource(count, {
        onWarm: () => tell({ type: 'warm', ms: now() }),
        onEnd: () => tell({ type: 'end', ms: now() }),
      }),
      { watermarks: monotonousTimestamps() },
    )
    .keyBy(({ auction }) => auction)
    .window(tumblingEventTimeWindows(windowMs))
    .aggregate('counts', {
      create: () => 0,
      add: (counted) => counted + 1,
      merge: (one, other) => one + other,
      result: (counted) => counted,
    })
    .sinkTo('sum', sumSink())
})

export default job
