import type { LogFields, Logger } from '../../common/logger.ts'

/** Codes of failures that are defects: the engine restarts the job, and hides them. */
const defects: ReadonlySet<unknown> = new Set(['FLINKTS_ASSERTION_FAILED', 'FLINKTS_TASK_FAILED'])

/**
 * Keeps the first invariant that was broken. A check that throws inside of the engine fails a task,
 * and the job starts again: so what was found is kept here.
 *
 * @internal
 */
export class Violations {
  #first: Error | undefined

  /** Runs a check. Throws what it throws. */
  guard(check: () => void): void {
    try {
      check()
    } catch (cause) {
      this.#first ??= cause instanceof Error ? cause : new Error(String(cause))
      throw cause
    }
  }

  /** A logger that takes failures of the job for violations if they are defects. */
  logger(): Logger {
    const warn = (message: string, fields?: LogFields): void => {
      if (!defects.has(fields?.['code'])) return
      this.#first ??= new Error(`${message}: ${String(fields?.['reason'])}`)
    }
    const logger: Logger = {
      debug: () => {},
      info: () => {},
      warn,
      error: warn,
      child: () => logger,
    }
    return logger
  }

  /** Throws the first violation, if there is one. */
  rethrow(): void {
    if (this.#first !== undefined) throw this.#first
  }
}
