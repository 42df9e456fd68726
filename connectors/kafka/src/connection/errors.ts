import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type { ErrorCode } from '@flinkts/core/connector'
import { isRetriable, type KafkaErrorCode } from '../protocol/error-codes.ts'
import type { BrokerAddress } from './connection-options.ts'

/**
 * How a request failed on its way. `connect`: it was never sent. `closed` and `timeout`: the broker
 * may have done what it asked for. `auth` and `tls`: the broker, or its certificate, was refused.
 *
 * @internal
 */
export type TransportFailureKind = 'connect' | 'closed' | 'timeout' | 'auth' | 'tls'

interface Failure {
  readonly code: ErrorCode
  readonly what: string
  readonly hint: string
}

const failures: Readonly<Record<TransportFailureKind, Failure>> = {
  connect: {
    code: 'FLINKTS_KAFKA_UNREACHABLE',
    what: 'could not be reached',
    hint:
      'Check that the broker runs and that host and port are right. If it is not one of ' +
      '"brokers", its own "advertised.listeners" names it: that name must work from here.',
  },
  closed: {
    code: 'FLINKTS_KAFKA_CONNECTION_LOST',
    what: 'closed the connection',
    hint:
      'The broker was stopped or the network failed; trying again may help. A broker that closes ' +
      'every connection may expect TLS ("tls") or authentication ("sasl").',
  },
  timeout: {
    code: 'FLINKTS_KAFKA_REQUEST_TIMED_OUT',
    what: 'did not answer in time',
    hint: 'The broker or the network is overloaded or down; "requestTimeoutMs" sets the limit.',
  },
  auth: {
    code: 'FLINKTS_KAFKA_AUTHENTICATION_FAILED',
    what: 'refused the authentication',
    hint:
      'Check "mechanism", "username" and "password" (or "token") of the option "sasl". The ' +
      'broker lists its mechanisms in "sasl.enabled.mechanisms".',
  },
  tls: {
    code: 'FLINKTS_KAFKA_TLS_FAILED',
    what: 'could not be reached by TLS',
    hint:
      'Set "tls": { ca } to the certificate of the authority that signed that of the broker, and ' +
      '"servername" if the certificate has another name. Leave "tls" out for one without TLS.',
  },
}

/**
 * The error of a request that got no answer.
 *
 * @param cause - What the socket or the driver threw, or a reason in words.
 * @internal
 */
export function transportError(
  kind: TransportFailureKind,
  broker: BrokerAddress,
  cause: unknown,
): FlinktsError {
  const { code, what, hint } = failures[kind]
  const reason = typeof cause === 'string' ? cause : describe(cause)
  const message = `the broker "${addressText(broker)}" ${what}: ${reason}`
  return new FlinktsError(code, message, { hint, cause })
}

/** `host:port`, with brackets around an IPv6 address. @internal */
export function addressText({ host, port }: BrokerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Node tries several addresses of a host and throws what each of them answered. */
function describe(thrown: unknown): string {
  if (thrown instanceof AggregateError) return thrown.errors.map(messageOf).join('; ')
  return messageOf(thrown)
}

/** What was refused, for messages. @internal */
export interface RefusedOperation {
  /** Such as `adding partitions to the transaction`. */
  readonly what: string
  /** Such as `the transactional id "job-0-1"`. */
  readonly resource: string
  /** What the broker said besides the code. */
  readonly detail?: string | undefined
}

/**
 * The error of an error code that a broker sent and that is not handled. Codes:
 * FLINKTS_KAFKA_PERMISSION_DENIED, FLINKTS_KAFKA_PRODUCER_FENCED, FLINKTS_KAFKA_REQUEST_REFUSED,
 * and FLINKTS_KAFKA_UNAVAILABLE for those that may pass.
 *
 * @internal
 */
export function brokerError(error: KafkaErrorCode, operation: RefusedOperation): FlinktsError {
  const { code, hint } = refusalOf(error)
  const { what, resource, detail } = operation
  const reason = `${error.name} (${error.code})`
  const said = detail === undefined ? '' : `: ${detail}`
  return new FlinktsError(code, `${what} failed for ${resource}: ${reason}${said}`, { hint })
}

interface Refusal {
  readonly code: ErrorCode
  readonly hint: string
}

function refusalOf(error: KafkaErrorCode): Refusal {
  if (error.reaction === 'denied') {
    return {
      code: 'FLINKTS_KAFKA_PERMISSION_DENIED',
      hint: 'Grant the right to the user (kafka-acls); the README of the connector lists them.',
    }
  }
  if (error.reaction === 'fenced') {
    return {
      code: 'FLINKTS_KAFKA_PRODUCER_FENCED',
      hint:
        'Another producer with the same transactional id was started, or the transaction took ' +
        'longer than its timeout. Two jobs must not share a prefix of transactional ids.',
    }
  }
  if (isRetriable(error)) {
    return {
      code: 'FLINKTS_KAFKA_UNAVAILABLE',
      hint: 'The cluster lacks a leader or a coordinator at the moment; trying again may help.',
    }
  }
  return {
    code: 'FLINKTS_KAFKA_REQUEST_REFUSED',
    hint: 'The documentation of Kafka says what the error means; trying again would not help.',
  }
}
