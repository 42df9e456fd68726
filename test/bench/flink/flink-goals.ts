import { atLeast, atMost, type Goal } from '../goals.ts'
import type { Window } from './measuring-sink.ts'

interface Cost extends Window {
  readonly peakMib: number
}

/** What a job cost both; NaN in what was not measured. */
export interface LoadFigures {
  readonly flinkts: Cost
  readonly flink: Cost
  readonly stallMs: number
}

/** In milliseconds. */
interface Both {
  readonly flinkts: number
  readonly flink: number
}

export interface FlinkFigures {
  readonly map: LoadFigures
  readonly keys: LoadFigures
  readonly firstRecordMs: Both
  readonly recoveryMs: Both
}

/** Without the peer there is nothing to compare with: only what flinkts promises by itself. */
export function flinkGoals(figures: FlinkFigures, peerPresent: boolean): readonly Goal[] {
  const { map, keys, firstRecordMs, recoveryMs } = figures
  const stallMs = Math.max(map.stallMs, keys.stallMs)
  const stall: Goal = { name: 'flink-stall', figure: stallMs, target: atMost(10), unit: 'ms' }
  if (!peerPresent) return [stall]
  return [
    { name: 'flink-map-cpu', figure: speedRatio(map), target: atLeast(1.2), unit: 'x' },
    { name: 'flink-keys-cpu', figure: speedRatio(keys), target: atLeast(5), unit: 'x' },
    { name: 'flink-map-memory', figure: memoryRatio(map), target: atMost(0.5), unit: 'x' },
    { name: 'flink-keys-memory', figure: memoryRatio(keys), target: atMost(0.5), unit: 'x' },
    { name: 'flink-first-record', figure: ratio(firstRecordMs), target: atMost(0.1), unit: 'x' },
    { name: 'flink-recovery', figure: ratio(recoveryMs), target: atMost(0.125), unit: 'x' },
    stall,
  ]
}

function speedRatio({ flinkts, flink }: LoadFigures): number {
  return flinkts.recordsPerCpuSecond / flink.recordsPerCpuSecond
}

function memoryRatio({ flinkts, flink }: LoadFigures): number {
  return flinkts.peakMib / flink.peakMib
}

function ratio({ flinkts, flink }: Both): number {
  return flinkts / flink
}
