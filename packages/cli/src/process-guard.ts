import process from 'node:process'
// The entry point that does not load the engine.
import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type { ErrorReporter } from './error-reporter.ts'

/**
 * Sees to it that the process never ends well by accident: whatever throws where nobody catches it,
 * ends the process, or leaves it without anything to do, becomes an error and an exit code other
 * than 0.
 *
 * @internal
 */
export class ProcessGuard {
  /** Rejects with what nobody caught. */
  readonly failure: Promise<never>
  readonly #reporter: ErrorReporter
  #released = false

  constructor(reporter: ErrorReporter) {
    this.#reporter = reporter
    const { promise, reject } = Promise.withResolvers<never>()
    this.failure = promise
    // It may come when nobody waits for it any more.
    promise.catch(() => {})
    // Unhandled rejections arrive here, too.
    process.on('uncaughtException', (thrown) => reject(uncaught(thrown)))
    // Later than those who know better what is waited for.
    process.on('beforeExit', () => setImmediate(() => reject(idle())))
    process.on('exit', (exitCode) => this.#refuse(exitCode))
    this.#takeWarnings()
    // Whoever reads the output may go; the job stays.
    for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  }

  /** From now on the process may end. */
  release(): void {
    this.#released = true
  }

  #refuse(exitCode: number): void {
    if (this.#released) return
    this.#reporter.report(exited(exitCode))
    if (exitCode === 0) process.exitCode = 1
  }

  /** They get the form of the log; that Node calls the stripping of types experimental is known. */
  #takeWarnings(): void {
    // There is no listener if the user wants no warnings.
    if (process.listenerCount('warning') === 0) return
    process.removeAllListeners('warning')
    process.on('warning', (warning) => {
      if (warning.name !== 'ExperimentalWarning') this.#reporter.warn(warning)
    })
  }
}

function uncaught(thrown: unknown): FlinktsError {
  return new FlinktsError(
    'FLINKTS_PROCESS_FAILED',
    `something was thrown where nobody catches it: ${messageOf(thrown)}`,
    {
      hint:
        'Look for a promise that nobody awaits, a timer, or an event emitter without a listener ' +
        'for errors. The next run goes on from the last checkpoint.',
      cause: thrown,
    },
  )
}

function exited(exitCode: number): FlinktsError {
  return new FlinktsError(
    'FLINKTS_PROCESS_FAILED',
    `something ended the process with exit code ${exitCode}`,
    {
      hint:
        'Remove the call of process.exit() from the job. ' +
        'The next run goes on from the last checkpoint.',
    },
  )
}

function idle(): FlinktsError {
  return new FlinktsError(
    'FLINKTS_ASSERTION_FAILED',
    'the process has nothing left to do, and the command has not ended',
    { hint: 'This is a defect of flinkts, or of a connector. Please report it.' },
  )
}
