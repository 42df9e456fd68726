import type { SinkCapabilities, SinkCapability } from '../capabilities/sink-capabilities.ts'
import type { SinkDriver } from '../driver/sink-driver.ts'

/**
 * `L0` the contract of the interfaces; `L3` commits and crashes.
 *
 * @internal
 */
export type CheckLevel = 'L0' | 'L3'

/** What a check runs with. @internal */
export interface CheckContext {
  readonly driver: SinkDriver
  /** Decides sizes, contents, and when a crash comes. */
  readonly seed: number
  /** How long it waits before it looks again, in milliseconds. */
  readonly quietMs: number
}

/** A check is data: what was run, what not and why, and what failed, is a list. @internal */
export interface SinkCheck {
  /** Stable: `crash@K4.throw`, `commit.twice`. */
  readonly name: string
  readonly level: CheckLevel
  /** What it holds, for people: a sentence about the sink. */
  readonly holds: string
  /** The declared capabilities that it reaches. */
  readonly proves: readonly SinkCapability[]
  /** Why it cannot be run for such a sink; `undefined`: it can. */
  needs?(capabilities: SinkCapabilities, driver: SinkDriver): string | undefined
  /** Whether one seed is as good as many. */
  readonly once?: boolean
  /** Rejects with FLINKTS_CONFORMANCE_VIOLATED, or with what the connector threw. */
  run(context: CheckContext): Promise<void>
}
