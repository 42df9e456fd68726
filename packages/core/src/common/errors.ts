import { errorTable } from './error-table.ts'

/** The code of a `FlinktsError`; tests and programs compare codes, never messages. @public */
export type ErrorCode = keyof typeof errorTable

/** What goes with a code and a message. @public */
export interface ErrorDetails {
  /** What to do about it, in full sentences. */
  readonly hint?: string | undefined
  /** What led to it; never dropped. */
  readonly cause?: unknown
}

/**
 * The form in which an error crosses a thread: structured clone would drop `code` and `hint`.
 * @internal
 */
export interface ErrorPayload extends CausePayload {
  readonly code: ErrorCode
}

/** A cause of an error that crosses a thread. @internal */
export interface CausePayload {
  /** Absent if it is no `FlinktsError`. */
  readonly code: ErrorCode | undefined
  readonly name: string
  readonly message: string
  readonly hint: string | undefined
  readonly stack: string | undefined
  readonly cause: CausePayload | undefined
}

/**
 * The only error class of flinkts. `message` says what failed, `hint` what to do about it.
 *
 * @public
 */
export class FlinktsError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'FlinktsError'
    this.code = code
    this.hint = details.hint
  }

  /** Whether a restart of the job may help. */
  get retryable(): boolean {
    return errorTable[this.code].retryable
  }
}

/** The error as a `FlinktsError`: itself, or wrapped under `code` with its message. @internal */
export function toFlinktsError(cause: unknown, code: ErrorCode, what: string): FlinktsError {
  if (cause instanceof FlinktsError) return cause
  return new FlinktsError(code, `${what}: ${messageOf(cause)}`, { cause })
}

/** The message of anything that was thrown. @internal */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The `code` that Node and drivers put on their errors, such as `ENOSPC`. @internal */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}

/** @internal */
export function toErrorPayload(thrown: unknown): ErrorPayload {
  const error = toFlinktsError(thrown, 'FLINKTS_TASK_FAILED', 'a task failed')
  return { ...toCausePayload(error), code: error.code }
}

/** @internal */
export function fromErrorPayload(payload: ErrorPayload): FlinktsError {
  const cause = payload.cause === undefined ? undefined : fromCausePayload(payload.cause)
  const error = new FlinktsError(payload.code, payload.message, { hint: payload.hint, cause })
  if (payload.stack !== undefined) error.stack = payload.stack
  return error
}

/** Causes of causes that cross a thread; a user's error may be its own cause. */
const causesMax = 16

/** Any error, to cross a thread. @internal */
export function toCausePayload(thrown: unknown, causesLeft: number = causesMax): CausePayload {
  const known = thrown instanceof FlinktsError
  const { name, stack, cause } = thrown instanceof Error ? thrown : new Error(String(thrown))
  const last = cause === undefined || causesLeft === 0
  return {
    code: known ? thrown.code : undefined,
    name,
    message: messageOf(thrown),
    hint: known ? thrown.hint : undefined,
    stack: thrown instanceof Error ? stack : undefined,
    cause: last ? undefined : toCausePayload(cause, causesLeft - 1),
  }
}

/** @internal */
export function fromCausePayload({ code, ...payload }: CausePayload): Error {
  if (code !== undefined) return fromErrorPayload({ ...payload, code })
  const cause = payload.cause === undefined ? undefined : fromCausePayload(payload.cause)
  const error = new Error(payload.message, cause === undefined ? undefined : { cause })
  error.name = payload.name
  if (payload.stack !== undefined) error.stack = payload.stack
  return error
}
