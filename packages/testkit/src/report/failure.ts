import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type { CheckResult } from '../checks/run-checks.ts'

/** A failed check. @internal */
export type FailedCheck = Extract<CheckResult, { readonly status: 'failed' }>

/**
 * The error that a failed check ends with: what the check holds, what was seen, and the one line
 * that shows it again.
 *
 * @internal
 */
export function failureOf(
  { name, holds, seed, cause }: FailedCheck,
  at: { readonly connector: string; readonly file: string },
): FlinktsError {
  const replay = `FLINKTS_SEED=${seed} npx vitest run ${at.file} -t "${name}"`
  return new FlinktsError(
    'FLINKTS_CONFORMANCE_VIOLATED',
    `${at.connector} breaks "${holds}": ${messageOf(cause)}\nreplay: ${replay}`,
    { hint: `Replay it with ${replay}`, cause },
  )
}
