import { FlinktsError } from './errors.ts'

/**
 * Checks an invariant of flinkts itself. A failed assertion crashes the task, and the job restarts
 * from its checkpoint: a wrong result becomes a restart.
 *
 * @throws FlinktsError FLINKTS_ASSERTION_FAILED
 * @internal
 */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) fail(message)
}

/** Closes a `switch` over a union: a new member does not compile until it is handled. @internal */
export function unreachable(value: never): never {
  return fail(`unreachable: ${String(value)}`)
}

/** The value, asserted to be there. @internal */
export function defined<T>(value: T | undefined, message: string): T {
  if (value === undefined) fail(message)
  return value
}

function fail(message: string): never {
  throw new FlinktsError('FLINKTS_ASSERTION_FAILED', message, {
    hint: 'This is a defect of flinkts. Please report it with the stack trace.',
  })
}
