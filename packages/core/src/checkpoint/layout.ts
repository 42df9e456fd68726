import { checkpointDirectory } from '../state/checkpoint-path.ts'

/**
 * Below the root of a job's storage:
 *
 *   attempts/000007/lease.json            the record of an attempt: its number, holder and lease
 *   attempts/renewal-000007.json          the next record, before it is moved into the directory
 *   attempts/fenced-000006-by-000007/     what was attempts/000006, until it is removed
 *   chk-000042/begun.json                 who began the checkpoint; its id is taken for ever
 *   chk-000042/<operator id>-<subtask>.state    keyed state
 *   chk-000042/<operator id>-<subtask>.lists    lists that are too large for the manifest
 *   chk-000042/manifest.json              the checkpoint is complete: it exists from here on
 *
 * The highest directories, of attempts and of checkpoints, are removed only when there is a higher
 * one: that is how numbers and ids only grow.
 */

/** The directory of all attempts. @internal */
export const attemptsDirectory = 'attempts'

/** The directory of an attempt (>= 1). Fenced by moving it away. @internal */
export function attemptDirectory(attempt: number): string {
  return `${attemptsDirectory}/${sixDigits(attempt)}`
}

/** The attempt of a name in `attempts`, if it is one. @internal */
export function parseAttempt(name: string): number | undefined {
  return /^\d{6,15}$/.test(name) ? Number(name) : undefined
}

/** The record of an attempt. @internal */
export function leasePath(attempt: number): string {
  return `${attemptDirectory(attempt)}/lease.json`
}

/**
 * Where a new record of an attempt is written, outside of its directory, before it is moved in.
 *
 * @internal
 */
export function renewalPath(attempt: number): string {
  return `${attemptsDirectory}/renewal-${sixDigits(attempt)}.json`
}

/** Where the directory of an attempt goes when a later one fences it. @internal */
export function fencedDirectory(attempt: number, by: number): string {
  return `${attemptsDirectory}/fenced-${sixDigits(attempt)}-by-${sixDigits(by)}`
}

/** The attempt to which a leftover in `attempts` belongs, if `name` is one. @internal */
export function parseAttemptLeftover(name: string): number | undefined {
  const digits = /^(?:renewal|fenced)-(\d{6,15})/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** The id of a checkpoint's directory, if `name` is one. @internal */
export function parseCheckpointDirectory(name: string): number | undefined {
  const digits = /^chk-(\d{6,15})$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** Its existence is the existence of the checkpoint. @internal */
export function manifestPath(checkpointId: number): string {
  return `${checkpointDirectory(checkpointId)}/manifest.json`
}

/** Says who began a checkpoint. @internal */
export function begunPath(checkpointId: number): string {
  return `${checkpointDirectory(checkpointId)}/begun.json`
}

function sixDigits(value: number): string {
  return String(value).padStart(6, '0')
}
