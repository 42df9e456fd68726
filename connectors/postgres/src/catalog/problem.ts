import { FlinktsError } from '@flinkts/core/connector'
import type { ErrorCode, Finding } from '@flinkts/core/connector'

/** A finding of the preflight, and the code with which a start fails because of it. @internal */
export interface Problem extends Finding {
  readonly errorCode: ErrorCode
}

/** A problem that keeps a start from succeeding. @internal */
export function errorProblem(
  code: string,
  errorCode: ErrorCode,
  message: string,
  hint: string,
): Problem {
  return { severity: 'error', code, errorCode, message, hint }
}

/**
 * Throws the first problem of severity `error`, if there is one; the message tells of all.
 *
 * @throws FlinktsError with the code of the problem
 * @internal
 */
export function throwFirst(problems: readonly Problem[]): void {
  const errors = problems.filter((problem) => problem.severity === 'error')
  const [first] = errors
  if (first === undefined) return
  const message = errors.map((problem) => problem.message).join('; ')
  const hint = errors.map((problem) => problem.hint).join(' ')
  throw new FlinktsError(first.errorCode, message, { hint })
}
