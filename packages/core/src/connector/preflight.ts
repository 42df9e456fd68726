/** One thing that a preflight found. A finding of severity `error` stops the start. @public */
export interface Finding {
  readonly severity: 'error' | 'warning'
  /** Stable name of the finding in kebab-case, such as `wal-level`. */
  readonly code: string
  /** What is wrong, with names; lowercase first, no full stop. */
  readonly message: string
  /** The fix, ready to copy where that is possible. */
  readonly hint: string
}

/** What a preflight gets. @public */
export interface PreflightContext {
  readonly operatorId: string
  readonly jobName: string
  readonly parallelism: number
  /** Aborted when the caller gives up waiting. */
  readonly signal: AbortSignal
}

/**
 * Checks, without changing anything, what would break later: reports every finding, not the first.
 * Throws only what says nothing about the external system.
 *
 * @public
 */
export interface Preflight {
  preflight?(context: PreflightContext): Promise<readonly Finding[]>
}
