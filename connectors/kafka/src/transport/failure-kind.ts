import { systemCodeOf } from '@flinkts/core/connector'
import type { TransportFailureKind } from '../connection/errors.ts'

const tlsCode =
  /^(?:ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/

/**
 * What an error of a socket means.
 *
 * @param connected - Whether the connection stood, with TLS if it is used.
 * @internal
 */
export function failureKindOf(error: unknown, connected: boolean): TransportFailureKind {
  if (tlsCode.test(systemCodeOf(error) ?? '')) return 'tls'
  return connected ? 'closed' : 'connect'
}
