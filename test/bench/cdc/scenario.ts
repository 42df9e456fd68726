import type { Verdict } from './verifier.ts'

/** What a scenario does to a peer. */
export type ScenarioName =
  /** The snapshot, then changes as fast as the database makes them. */
  | 'perf'
  /** Changes are made while the peer is stopped; it is started again. */
  | 'backlog'
  /** SIGKILL in the snapshot. */
  | 'kill_snap'
  /** The same, and changes are made before the peer is started again. */
  | 'kill_snap_down'
  /** SIGKILL, again and again, while changes flow. */
  | 'kill_stream'
  /** A larger snapshot, then one transaction as large as it gets. */
  | 'memory'

/** The sizes of a scenario. */
export interface ScenarioSize {
  readonly rows: number
  readonly changes: number
}

/** What one scenario found about one peer. Seconds are of real time unless they say CPU. */
export interface ScenarioResult {
  readonly peer: string
  readonly scenario: ScenarioName
  readonly rows: number
  /** All changes that were made. */
  readonly changes: number
  readonly figures: Readonly<Record<string, number | readonly number[] | boolean>>
  readonly verdict: Verdict
  /** The exit code or the signal that ended it before its time; undefined: it ran to the end. */
  readonly endedBy: number | string | undefined
  /** The load average before and after. */
  readonly load: readonly [number, number]
}
