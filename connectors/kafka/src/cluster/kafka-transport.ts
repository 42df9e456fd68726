import type { Api } from '../protocol/api.ts'
import type { BrokerMetadata } from '../protocol/metadata.ts'

/**
 * Each is a connection of its own, as a broker answers the requests of one in their order: a fetch
 * that waits for records must not hold up anything else.
 *
 * @internal
 */
export type TransportChannel = 'default' | 'fetch'

/** A request of which the transport knows no more than how to send it. @internal */
export interface WireRequest {
  readonly api: Api<never, unknown>
  /** Gives the body, once it is known which version broker and connector both speak. */
  readonly encode: (version: number) => Buffer
  readonly channel: TransportChannel
  /** From sending to the answer; connecting has a timeout of its own. */
  readonly timeoutMs: number
  /** The answer is not waited for any longer; the request may have been sent. */
  readonly signal?: AbortSignal | undefined
  /** false: the broker sends no answer, as to Produce with `acks` 0. */
  readonly answered: boolean
}

/** @internal */
export interface WireResponse {
  readonly version: number
  /** As it follows the correlation id; empty if there is no answer. */
  readonly body: Buffer
}

/**
 * Requests to brokers, and connections to send them over: all that a driver has to do. Brokers are
 * named by their node ids; those of the configuration, whose ids are unknown, by -1, -2, and so on.
 *
 * @internal
 */
export interface KafkaTransport {
  /** The brokers of the configuration: -1, -2 … */
  readonly seedIds: readonly number[]
  /** Tells where brokers are. Connections to those that are gone or moved are closed. */
  updateBrokers(brokers: readonly BrokerMetadata[]): void
  /** `host:port`, for messages. */
  describe(nodeId: number): string
  /**
   * Sends a request, over a new connection if there is none or the last one broke. Rejects with the
   * reason of the signal if that is aborted.
   *
   * @throws FlinktsError FLINKTS_KAFKA_ UNREACHABLE (not sent), CONNECTION_LOST or
   * REQUEST_TIMED_OUT (maybe done), AUTHENTICATION_FAILED, TLS_FAILED, BROKER_UNSUPPORTED,
   * PROTOCOL_VIOLATED
   */
  request(nodeId: number, request: WireRequest): Promise<WireResponse>
  /** Ends all requests and connections. Idempotent; never rejects, and never takes long. */
  close(): Promise<void>
}
