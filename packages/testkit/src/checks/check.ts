import type { ConnectorDriver } from '../driver/connector-driver.ts'

/**
 * `L0` the contract of the interfaces; `L2` what a source gives again; `L3` commits and crashes;
 * `L4` what changes in the course of time.
 *
 * @internal
 */
export type CheckLevel = 'L0' | 'L2' | 'L3' | 'L4'

/** A driver of whatever connector. @internal */
export type AnyDriver = ConnectorDriver<object>

/** The names of what a driver declares. @internal */
export type CapabilityOf<Driver extends AnyDriver> = keyof Driver['capabilities'] & string

/** What a check runs with. @internal */
export interface CheckContext<Driver extends AnyDriver> {
  readonly driver: Driver
  /** Decides sizes, contents, and when a crash comes. */
  readonly seed: number
  /** How long it waits before it looks again, in milliseconds. */
  readonly quietMs: number
  /** How long it waits for what must come, in milliseconds. */
  readonly patienceMs: number
  /** Whether what the next releases are to read is written, where it is absent. */
  readonly writesStates: boolean
}

/** A check is data: what was run, what not and why, and what failed, is a list. @internal */
export interface Check<Driver extends AnyDriver> {
  /** Stable: `crash@K4.throw`, `commit.twice`. */
  readonly name: string
  readonly level: CheckLevel
  /** What it holds, for people: a sentence about the connector. */
  readonly holds: string
  /** The declared capabilities that it reaches. */
  readonly proves: readonly CapabilityOf<Driver>[]
  /** Why it cannot be run for such a connector; `undefined`: it can. */
  needs?(capabilities: Driver['capabilities'], driver: Driver): string | undefined
  /** Whether one seed is as good as many. */
  readonly once?: boolean
  /** Rejects with FLINKTS_CONFORMANCE_VIOLATED, or with what the connector threw. */
  run(context: CheckContext<Driver>): Promise<void>
}

/** Everything that is known of one kind of connectors. @internal */
export interface Kit<Driver extends AnyDriver> {
  readonly checks: readonly Check<Driver>[]
  /** The capabilities that promise more than the least: each needs a check that reached it. */
  claimsOf(capabilities: Driver['capabilities']): readonly CapabilityOf<Driver>[]
}
