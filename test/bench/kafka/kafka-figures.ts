import { median } from '../statistics.ts'
import type { EngineName } from './engines.ts'
import type { KafkaFigures, LatencyName } from './kafka-goals.ts'
import type { CopyRun } from './kafka-runs.ts'
import type { LatencyRun } from './processes/latency.ts'

/** Everything that was run, as it came. */
export interface Runs {
  readonly bytes: Partial<Record<EngineName, CopyRun[]>>
  readonly atLeastOnce: CopyRun[]
  readonly map: Partial<Record<EngineName, CopyRun[]>>
  readonly latency: Partial<Record<LatencyName, LatencyRun[]>>
  readonly stalledMib: number[]
}

/** Medians of what was run. */
export function figuresOf({ bytes, atLeastOnce, map, latency, stalledMib }: Runs): KafkaFigures {
  const p99Ms = (name: LatencyName): number | undefined => {
    const made = latency[name]
    return made === undefined ? undefined : median(made.map((each) => each.p99Ms))
  }
  return {
    bytes: mediansOf(bytes),
    atLeastOnce: atLeastOnce.length === 0 ? undefined : medianRun(atLeastOnce),
    map: mediansOf(map),
    latencyP99Ms: {
      'flinkts-1000': p99Ms('flinkts-1000'),
      'flinkts-100': p99Ms('flinkts-100'),
      'flink-1000': p99Ms('flink-1000'),
      'streams-100': p99Ms('streams-100'),
    },
    stalledMib: stalledMib.length === 0 ? undefined : Math.max(...stalledMib),
  }
}

function mediansOf(
  runs: Partial<Record<EngineName, CopyRun[]>>,
): Partial<Record<EngineName, CopyRun>> {
  return Object.fromEntries(
    Object.entries(runs).map(([name, made]) => [name, medianRun(made)] as const),
  )
}

function medianRun(runs: readonly CopyRun[]): CopyRun {
  const of = (figure: (run: CopyRun) => number): number => median(runs.map(figure))
  return {
    firstCommitMs: of((run) => run.firstCommitMs),
    recordsPerSecond: of((run) => run.recordsPerSecond),
    steadyPerSecond: of((run) => run.steadyPerSecond),
    recordsPerCpuSecond: of((run) => run.recordsPerCpuSecond),
    peakMib: of((run) => run.peakMib),
  }
}
