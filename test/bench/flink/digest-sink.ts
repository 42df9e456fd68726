import type { Sink } from '@flinkts/core/connector'

/** What is left of the results of a job: enough to tell whether the work was done. */
export interface Digest {
  readonly records: number
  /** Of the digests of all records, in 32 bits; their order does not matter. */
  readonly sum: number
}

/** What a writer tells by its gauges. */
export const sinkGauges = {
  records: 'digestRecords',
  sum: 'digestSum',
  /** When the first record came, milliseconds since 1970; 0 before. */
  firstRecordMs: 'firstRecordMs',
} as const

/** Sums the digests of what it gets, and keeps nothing; exactly once, like that of the peer. */
export function digestSink<T>(digest: (value: T) => number): Sink<T, never, 'exactly-once'> {
  return {
    description: 'a sum in memory',
    guarantee: 'exactly-once',
    mechanism: 'nothing is kept',
    createWriter: ({ metrics }) => {
      let records = 0
      let sum = 0
      let firstRecordMs = 0
      metrics.gauge(sinkGauges.records, () => records)
      metrics.gauge(sinkGauges.sum, () => sum)
      metrics.gauge(sinkGauges.firstRecordMs, () => firstRecordMs)
      return Promise.resolve({
        write: (value) => {
          if (records === 0) firstRecordMs = Date.now()
          records += 1
          sum = (sum + digest(value)) | 0
        },
        flush: () => Promise.resolve(),
        close: () => Promise.resolve(),
      })
    },
  }
}
