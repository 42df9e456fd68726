import type { BrokerAddress } from '../connection/connection-options.ts'
import type { BrokerVersions } from '../protocol/api.ts'

/** A request as it goes over a connection. @internal */
export interface ConnectionRequest {
  readonly apiName: string
  readonly apiKey: number
  readonly version: number
  readonly body: Buffer
  /** Whether the broker sends an answer. */
  readonly answered: boolean
}

/** A connection on which the broker has accepted the client. @internal */
export interface BrokerConnection {
  /** What the broker at the other end speaks. */
  readonly versions: BrokerVersions
  /** Whether it can be used; never again once it is false. */
  readonly open: boolean
  /**
   * Sends a request. Any number may be under way; the broker answers them in order.
   *
   * @returns the body of the answer, or no bytes if there is none.
   * @throws what the connection failed with, if it does so before the answer
   */
  send(request: ConnectionRequest): Promise<Buffer>
  /** Ends the connection at once: requests under way fail with `failure`. Idempotent. */
  destroy(failure: Error): void
  /** Lets the socket send what it holds, and resolves when it is closed. Idempotent. */
  end(failure: Error): Promise<void>
}

/**
 * Opens connections; the seam for the driver. Rejects, within the connect timeout or when the
 * signal is aborted, with FLINKTS_KAFKA_ UNREACHABLE, CONNECTION_LOST, AUTHENTICATION_FAILED,
 * TLS_FAILED, BROKER_UNSUPPORTED or PROTOCOL_VIOLATED.
 *
 * @internal
 */
export type ConnectBroker = (
  address: BrokerAddress,
  signal: AbortSignal,
) => Promise<BrokerConnection>
