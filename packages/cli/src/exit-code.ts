/**
 * What a process says when it ends.
 *
 * @internal
 */
export type ExitCode = 0 | 1 | 2 | 3 | 130 | 143

/** What each exit code means, for people. @internal */
export const exitCodes: readonly { readonly code: ExitCode; readonly meaning: string }[] = [
  { code: 0, meaning: 'the job finished, or stopped in order; nothing was found' },
  { code: 1, meaning: 'the job failed, or was not proved' },
  { code: 2, meaning: 'wrong use: the arguments, or the job file' },
  { code: 3, meaning: 'the checks before the start found errors' },
  { code: 130, meaning: 'ended at once by a second signal, which was SIGINT' },
  { code: 143, meaning: 'ended at once by a second signal, which was SIGTERM' },
]

/** The codes of everything that is wrong before a job exists. */
const wrongUse: ReadonlySet<unknown> = new Set([
  'FLINKTS_ARGUMENT_INVALID',
  'FLINKTS_JOB_FILE_NOT_FOUND',
  'FLINKTS_JOB_FILE_INVALID',
  'FLINKTS_JOB_INVALID',
  'FLINKTS_OPERATOR_ID_INVALID',
  'FLINKTS_OPERATOR_ID_DUPLICATE',
  'FLINKTS_GUARANTEE_VIOLATED',
  'FLINKTS_OPTION_INVALID',
  'FLINKTS_PROVE_UNSUPPORTED',
])

/** The exit code for what made a command fail. @internal */
export function exitCodeOf(thrown: unknown): ExitCode {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return 1
  if (wrongUse.has(thrown.code)) return 2
  return thrown.code === 'FLINKTS_PREFLIGHT_FAILED' ? 3 : 1
}
