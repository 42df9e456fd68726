import { FlinktsError, messageOf, systemCodeOf } from '@flinkts/core/connector'
import type { ErrorCode } from '@flinkts/core/connector'

/** Codes of the operating system look alike: `EPIPE` is none, its class does not exist. */
const sqlState = /^(?:[0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/

/** The SQLSTATE behind an error of this connector, if the server reported one. @internal */
export function sqlStateOf(thrown: unknown): string | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const code = systemCodeOf(error)
    if (code !== undefined && sqlState.test(code)) return code
  }
  return undefined
}

/** Whether the server could not take a value for what its type holds. @internal */
export function isValueError(thrown: unknown): boolean {
  return sqlStateOf(thrown)?.startsWith('22') === true
}

/** Where an error happened: which address and role; never a password. @internal */
export interface ErrorPlace {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/** What was being done, for the message, and where. @internal */
export interface FailureContext {
  /** Such as `the query for table sizes`. */
  readonly what: string
  readonly place: ErrorPlace
  /** Whether a slot was being streamed: some states then mean that it is lost. */
  readonly streaming?: boolean | undefined
}

/**
 * What the driver threw as a coded error, whose `retryable` says whether trying again may help.
 *
 * Codes: FLINKTS_POSTGRES_ CONNECTION_FAILED and QUERY_INTERRUPTED and SLOT_IN_USE (retryable);
 * TLS_FAILED, AUTHENTICATION_FAILED, PERMISSION_DENIED, OBJECT_MISSING, LIMIT_REACHED, SLOT_LOST,
 * QUERY_FAILED.
 *
 * @internal
 */
export function toPostgresError(thrown: unknown, context: FailureContext): FlinktsError {
  if (thrown instanceof FlinktsError) return thrown
  const state = sqlStateOf(thrown)
  const failure = state === undefined ? driverFailure(thrown) : stateFailure(state, context)
  const { host, port, database, user } = context.place
  const place = `"${host}:${port}/${database}" as "${user}"`
  const message = `${context.what} failed at ${place}: ${describe(thrown, state)}`
  return new FlinktsError(failure.code, message, { hint: failure.hint, cause: thrown })
}

interface Failure {
  readonly code: ErrorCode
  readonly hint: string
}

const connectionFailed: Failure = {
  code: 'FLINKTS_POSTGRES_CONNECTION_FAILED',
  hint: 'Check that the server runs and that host and port are right.',
}
const tlsFailed: Failure = {
  code: 'FLINKTS_POSTGRES_TLS_FAILED',
  hint:
    'Set the option "ssl": false for a server without TLS, or "ssl": { ca } with the certificate ' +
    'of the authority that signed the certificate of the server.',
}
const authenticationFailed: Failure = {
  code: 'FLINKTS_POSTGRES_AUTHENTICATION_FAILED',
  hint: 'Check the user, the password and pg_hba.conf.',
}
const permissionDenied: Failure = {
  code: 'FLINKTS_POSTGRES_PERMISSION_DENIED',
  hint: 'Grant the missing right to the role; the README of the connector lists what it needs.',
}
const objectMissing: Failure = {
  code: 'FLINKTS_POSTGRES_OBJECT_MISSING',
  hint: 'Check the name. It may have been dropped or renamed, or belong to another database.',
}
const limitReached: Failure = {
  code: 'FLINKTS_POSTGRES_LIMIT_REACHED',
  hint:
    'Raise the setting that the message names (max_replication_slots, max_wal_senders …) and ' +
    'restart the server, or drop slots that nobody uses.',
}
const slotInUse: Failure = {
  code: 'FLINKTS_POSTGRES_SLOT_IN_USE',
  hint:
    'Stop the other reader of the slot, or give this job a slot of its own. ' +
    '"select slot_name, active_pid from pg_replication_slots" shows who holds it.',
}
const slotLost: Failure = {
  code: 'FLINKTS_POSTGRES_SLOT_LOST',
  hint:
    'The server removed WAL that the slot needed: changes are missing for good. Raise ' +
    'max_slot_wal_keep_size, drop the slot, and start the job afresh with a new snapshot.',
}
const queryInterrupted: Failure = {
  code: 'FLINKTS_POSTGRES_QUERY_INTERRUPTED',
  hint: 'Another session or a timeout stopped the statement; trying again may help.',
}
const queryFailed: Failure = {
  code: 'FLINKTS_POSTGRES_QUERY_FAILED',
  hint: 'The message of the server says why; trying again would not help.',
}

const exactStates: Readonly<Record<string, Failure>> = {
  '3D000': objectMissing,
  '3F000': objectMissing,
  '42501': permissionDenied,
  '42704': objectMissing,
  '42P01': objectMissing,
  '53400': limitReached,
  '55006': slotInUse,
  '55P03': queryInterrupted,
  '57014': queryInterrupted,
}

const streamingStates: Readonly<Record<string, Failure>> = {
  '55000': slotLost,
  '58P01': slotLost,
}

const stateClasses: Readonly<Record<string, Failure>> = {
  '08': connectionFailed,
  '28': authenticationFailed,
  '40': queryInterrupted,
  '53': connectionFailed,
  '57': connectionFailed,
  '58': connectionFailed,
}

function stateFailure(state: string, context: FailureContext): Failure {
  const streaming = context.streaming === true ? streamingStates[state] : undefined
  return streaming ?? exactStates[state] ?? stateClasses[state.slice(0, 2)] ?? queryFailed
}

const tlsCode =
  /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/
const tlsMessage = /server does not support SSL|^There was an error establishing an SSL/
const authenticationMessage = /^SASL|^SCRAM|[Pp]assword must be/

/** Without an SQLSTATE it was the driver, TLS or the network; the driver has only messages. */
function driverFailure(thrown: unknown): Failure {
  const message = messageOf(thrown)
  if (tlsCode.test(systemCodeOf(thrown) ?? '') || tlsMessage.test(message)) return tlsFailed
  return authenticationMessage.test(message) ? authenticationFailed : connectionFailed
}

function describe(thrown: unknown, state: string | undefined): string {
  if (state !== undefined) return `${messageOf(thrown)} (SQLSTATE ${state})${copyPlace(thrown)}`
  // Node tries several addresses of a host and throws what each of them answered.
  if (thrown instanceof AggregateError) return thrown.errors.map(messageOf).join('; ')
  return messageOf(thrown)
}

/** Which row and column of a COPY failed: `COPY t, line 3, column id: "x"`, if it was one. */
function copyPlace(thrown: unknown): string {
  const where: unknown = thrown instanceof Error ? Reflect.get(thrown, 'where') : undefined
  if (typeof where !== 'string' || !where.startsWith('COPY ')) return ''
  return `, in ${where.split('\n', 1)[0]}`
}

const statementCharactersMax = 120

/**
 * A statement, for a message. Those of this connector hold no secrets: values are parameters.
 *
 * @internal
 */
export function shortened(sql: string): string {
  const line = sql.trim().replaceAll(/\s+/g, ' ')
  return line.length > statementCharactersMax ? `${line.slice(0, statementCharactersMax)}…` : line
}
