import { atLeast, atMost, type Goal, type Target } from '../goals.ts'
import type { EngineName } from './engines.ts'
import type { CopyRun } from './kafka-runs.ts'

/** Medians; of what did not run there is nothing. */
export interface KafkaFigures {
  /** Bytes through, exactly once, with a commit each second. */
  readonly bytes: Readonly<Partial<Record<EngineName, CopyRun>>>
  /** Of flinkts, at least once. */
  readonly atLeastOnce: CopyRun | undefined
  /** Parsed, changed and serialized. */
  readonly map: Readonly<Partial<Record<EngineName, CopyRun>>>
  /** The 99th percentile, in milliseconds, by the time between commits. */
  readonly latencyP99Ms: Readonly<Record<LatencyName, number | undefined>>
  /** Of a source whose sink stalls. */
  readonly stalledMib: number | undefined
}

export type LatencyName = 'flinkts-1000' | 'flinkts-100' | 'flink-1000' | 'streams-100'

const stalledMibMax = 250

/** Only of what was measured; what compares with a peer, only where that was there. */
export function kafkaGoals(figures: KafkaFigures): readonly Goal[] {
  const { bytes, map, atLeastOnce, latencyP99Ms: p99Ms, stalledMib } = figures
  const { flinkts, flink, streams, kafkajs } = bytes
  const peers = [flink, streams].filter((run) => run !== undefined)
  const best = (of: (run: CopyRun) => number, choose: (...values: number[]) => number) =>
    peers.length === 0 ? undefined : choose(...peers.map(of))
  return [
    ratio('kafka-bytes-cpu', [flinkts?.recordsPerCpuSecond, best(cpu, Math.max)], atLeast(1.5)),
    ratio('kafka-bytes-steady', [flinkts?.steadyPerSecond, best(steady, Math.max)], atLeast(1)),
    ratio('kafka-first-commit', [flinkts?.firstCommitMs, best(first, Math.min)], atMost(0.5)),
    ratio('kafka-kafkajs', [flinkts?.recordsPerSecond, kafkajs?.recordsPerSecond], atLeast(3)),
    ratio(
      'kafka-exactly-once',
      [flinkts?.recordsPerCpuSecond, atLeastOnce?.recordsPerCpuSecond],
      atLeast(0.9),
    ),
    ratio(
      'kafka-map-cpu',
      [map.flinkts?.recordsPerCpuSecond, map.flink?.recordsPerCpuSecond],
      atLeast(1.2),
    ),
    ratio('kafka-latency-1000', [p99Ms['flinkts-1000'], p99Ms['flink-1000']], atMost(1)),
    ratio('kafka-latency-100', [p99Ms['flinkts-100'], p99Ms['streams-100']], atMost(1)),
    stalledMib === undefined
      ? []
      : [
          {
            name: 'kafka-stalled-memory',
            figure: stalledMib,
            target: atMost(stalledMibMax),
            unit: 'MiB',
          },
        ],
  ].flat()
}

const cpu = (run: CopyRun): number => run.recordsPerCpuSecond
const steady = (run: CopyRun): number => run.steadyPerSecond
const first = (run: CopyRun): number => run.firstCommitMs

function ratio(
  name: string,
  [ours, theirs]: readonly [number | undefined, number | undefined],
  target: Target,
): readonly Goal[] {
  if (ours === undefined || theirs === undefined) return []
  return [{ name, figure: ours / theirs, target, unit: 'x' }]
}
