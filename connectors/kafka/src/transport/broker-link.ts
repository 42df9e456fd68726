import { delay, type Clock, type Scheduler } from '@flinkts/core/connector'
import type { WireRequest, WireResponse } from '../cluster/kafka-transport.ts'
import type { BrokerAddress } from '../connection/connection-options.ts'
import { addressText, transportError } from '../connection/errors.ts'
import { negotiateVersion } from '../protocol/api.ts'
import { type BackoffRange, backoffMs } from '../runtime/backoff.ts'
import type { BrokerConnection, ConnectBroker } from './broker-connection.ts'
import { waitFor } from './waiting.ts'

/** What links need. @internal */
export interface LinkEnvironment {
  readonly connect: ConnectBroker
  readonly reconnectBackoff: BackoffRange
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number
}

/**
 * One channel to one broker: a connection that is made when it is needed, and made anew after it
 * broke. A request that gets no answer in time takes its connection with it, as nothing on a
 * connection can overtake what the broker is silent about.
 *
 * @internal
 */
export class BrokerLink {
  readonly #address: BrokerAddress
  readonly #environment: LinkEnvironment
  readonly #closed = new AbortController()
  /** The connection, or the attempt to make one. */
  #connection: Promise<BrokerConnection> | undefined
  /** Attempts that failed in a row. */
  #failureCount = 0
  /** On the monotonic clock. */
  #nextAttemptMs = Number.NEGATIVE_INFINITY

  constructor(address: BrokerAddress, environment: LinkEnvironment) {
    this.#address = address
    this.#environment = environment
  }

  /** As `KafkaTransport.request`. */
  async request(request: WireRequest): Promise<WireResponse> {
    const connection = await this.#connected(request.signal)
    const { api, signal, timeoutMs, answered } = request
    const version = negotiateVersion(api, connection.versions, addressText(this.#address))
    const answer = connection.send({
      apiName: api.name,
      apiKey: api.key,
      version,
      body: request.encode(version),
      answered,
    })
    const onTimeout = (): Error => {
      const reason = `no answer to ${api.name} within ${timeoutMs} ms`
      const failure = transportError('timeout', this.#address, reason)
      connection.destroy(failure)
      return failure
    }
    const { scheduler } = this.#environment
    const body = await waitFor(answer, { scheduler, timeoutMs, signal, onTimeout })
    return { version, body }
  }

  /** Ends the connection; requests under way fail. Idempotent; never rejects. */
  async close(): Promise<void> {
    const failure = transportError('closed', this.#address, 'this client was closed')
    this.#closed.abort(failure)
    const connection = await this.#connection?.catch(() => undefined)
    await connection?.end(failure)
  }

  async #connected(signal: AbortSignal | undefined): Promise<BrokerConnection> {
    for (let attemptCount = 1; attemptCount <= attemptsMax; attemptCount++) {
      this.#closed.signal.throwIfAborted()
      signal?.throwIfAborted()
      const attempt = (this.#connection ??= this.#connect())
      const connection = await abortable(attempt, signal)
      if (connection.open) return connection
      if (this.#connection === attempt) this.#connection = undefined
    }
    throw transportError('closed', this.#address, 'the connection ended as soon as it was made')
  }

  /** Shared by all requests that wait for it, so none of their signals ends it. */
  async #connect(): Promise<BrokerConnection> {
    const { clock, scheduler, connect, reconnectBackoff, random } = this.#environment
    const { signal } = this.#closed
    try {
      const waitMs = this.#nextAttemptMs - clock.monotonic()
      if (waitMs > 0) await delay(scheduler, waitMs, signal)
      signal.throwIfAborted()
      const connection = await connect(this.#address, signal)
      this.#failureCount = 0
      return connection
    } catch (error) {
      this.#failureCount++
      const pauseMs = backoffMs(reconnectBackoff, this.#failureCount, random)
      this.#nextAttemptMs = clock.monotonic() + pauseMs
      this.#connection = undefined
      throw error
    }
  }
}

/** The first one may find a connection that broke while nobody used it. */
const attemptsMax = 2

/** Waits for what others wait for too, until the signal is aborted. */
function abortable<T>(shared: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return shared
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    shared.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
