import type { Goal } from './goals.ts'

/** How benches run. */
export interface BenchOptions {
  /** Small sizes: shows that all works; figures say little. */
  readonly quick: boolean
  /** Peers that the Postgres bench runs, of those that it knows; undefined: all. */
  readonly peers: readonly string[] | undefined
  /** Scenarios that it runs; undefined: all. */
  readonly scenarios: readonly string[] | undefined
  /** Parts that the benches `flink` and `kafka` run; undefined: all. */
  readonly only: readonly string[] | undefined
}

/** What a bench found. */
export interface BenchResult {
  readonly goals: readonly Goal[]
  /** Everything measured, for the file of results. */
  readonly figures: unknown
}

/** A bench, chosen by its name. */
export interface Bench {
  readonly name: string
  /** One line for `--help`. */
  readonly description: string
  run(options: BenchOptions): Promise<BenchResult>
}
