import type { DataStream } from '../../src/api/data-stream.ts'
import { aggregatingState, reducingState, valueState } from '../../src/state/state-descriptor.ts'

interface Reading {
  readonly sensor: string
  readonly celsius: number
}

// The code of docs/state.md, from here to the end of the file.
export const dayMs: number = 24 * 60 * 60 * 1000

const average = {
  create: () => ({ sum: 0, count: 0 }),
  add: (kept: { sum: number; count: number }, celsius: number) => {
    kept.sum += celsius
    kept.count += 1
    return kept
  },
  result: ({ sum, count }: { sum: number; count: number }) => sum / count,
}

export function summaries(
  readings: DataStream<Reading, 'exactly-once'>,
): DataStream<string, 'exactly-once'> {
  return readings
    .keyBy(({ sensor }) => sensor)
    .process('summaries', {
      state: {
        // For ever.
        highest: reducingState<number>((one, two) => Math.max(one, two)),
        mean: aggregatingState(average),
        // Forgotten when there is no reading for a day.
        previous: valueState<number>({ ttl: { ms: dayMs } }),
      },
      process: ({ sensor, celsius }, { highest, mean, previous }) => {
        const before = previous.get()
        highest.add(celsius)
        mean.add(celsius)
        previous.set(celsius)
        return [`${sensor}: ${mean.get()} at most ${highest.get()}, before ${before ?? 'none'}`]
      },
    })
}
