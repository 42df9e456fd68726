import { assert, FlinktsError, type Clock, type Scheduler } from '@flinkts/core/connector'
import { Kafka, logLevel, type SASLOptions } from 'kafkajs'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { KafkaTransport } from './cluster/kafka-transport.ts'
import type {
  BrokerAddress,
  ResolvedConnection,
  TlsOptions,
} from './connection/connection-options.ts'
import { addressText, transportError } from './connection/errors.ts'
import { type BrokerVersions, decodeResponse, encodeRequest, oldestKafka } from './protocol/api.ts'
import { apiVersionsApi } from './protocol/api-versions.ts'
import { protocolViolated } from './protocol/wire-reader.ts'
import type { BrokerConnection, ConnectionRequest } from './transport/broker-connection.ts'
import { BrokerTransport } from './transport/broker-transport.ts'
import { failureKindOf } from './transport/failure-kind.ts'
import { FrameReader } from './transport/frame-reader.ts'
import { waitFor } from './transport/waiting.ts'

/** What a transport needs besides its options. @internal */
export interface TransportEnvironment {
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** A number from 0 (inclusive) to 1 (exclusive), for the pauses between attempts. */
  readonly random: () => number
}

/**
 * Connections by the driver `kafkajs`, of which only this is used: the connection, which request an
 * answer is for, and SASL. Its `Connection` is no part of its public interface, but the
 * public hook for assigners hands it out; what is relied on is checked on every connection.
 *
 * Opens nothing until the first request.
 *
 * @internal
 */
export function createTransport(
  connection: ResolvedConnection,
  environment: TransportEnvironment,
): KafkaTransport {
  return new BrokerTransport(connection.brokers, {
    ...environment,
    reconnectBackoff: connection.reconnectBackoff,
    connect: (address, signal) => openConnection(connection, { address, signal, ...environment }),
  })
}

/** The parts of the driver's `Connection` that are relied on. @internal */
export interface DriverConnection {
  connect(): Promise<unknown>
  authenticate(): Promise<unknown>
  setVersions(versions: Readonly<Record<number, unknown>>): void
  setSupportAuthenticationProtocol(supported: boolean): void
  nextCorrelationId(): number
  processData: (chunk: Buffer) => void
  readonly requestQueue: {
    readonly inflight: ReadonlyMap<number, unknown>
    push(request: DriverRequest): void
    fulfillRequest(response: { correlationId: number; payload: Buffer; size: number }): void
    rejectAll(error: Error): void
    scheduleCheckPendingRequests: () => void
  }
}

interface DriverRequest {
  readonly entry: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    readonly correlationId: number
    readonly resolve: (response: { readonly payload: Buffer | null }) => void
    readonly reject: (error: Error) => void
  }
  readonly expectResponse: boolean
  readonly sendRequest: () => void
}

const driverMethods = [
  'connect',
  'authenticate',
  'setVersions',
  'setSupportAuthenticationProtocol',
  'nextCorrelationId',
  'processData',
]
const queueMethods = ['push', 'fulfillRequest', 'rejectAll', 'scheduleCheckPendingRequests']

/**
 * The connection of the driver, if it has all that is relied on.
 *
 * @throws FlinktsError FLINKTS_KAFKA_DRIVER_UNSUITABLE
 * @internal
 */
export function checkDriverConnection(connection: unknown): DriverConnection {
  const queue = memberOf(connection, 'requestQueue')
  const missing = [
    ...driverMethods.filter((name) => typeof memberOf(connection, name) !== 'function'),
    ...queueMethods.filter((name) => typeof memberOf(queue, name) !== 'function'),
    ...(memberOf(queue, 'inflight') instanceof Map ? [] : ['inflight']),
  ]
  if (missing.length === 0) return connection as DriverConnection
  throw new FlinktsError(
    'FLINKTS_KAFKA_DRIVER_UNSUITABLE',
    `the installed "kafkajs" has no "${missing.join('", "')}"`,
    { hint: 'Install the version of "kafkajs" that @flinkts/kafka names in its package.json.' },
  )
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

interface Attempt {
  readonly address: BrokerAddress
  readonly signal: AbortSignal
  readonly scheduler: Scheduler
}

/** Connects, authenticates, and asks what the broker speaks: all within the connect timeout. */
async function openConnection(
  options: ResolvedConnection,
  { address, signal, scheduler }: Attempt,
): Promise<BrokerConnection> {
  const connection = new KafkajsConnection(address, options.clientId, scheduler)
  const timeoutMs = options.connectTimeoutMs
  const onTimeout = (): Error =>
    transportError('connect', address, `no connection within ${timeoutMs} ms`)
  try {
    await waitFor(connection.establish(options), { scheduler, timeoutMs, signal, onTimeout })
    return connection
  } catch (error) {
    const failure = error instanceof Error ? error : new Error(String(error))
    connection.destroy(failure)
    throw failure
  }
}

/** How long a socket may take to send what it holds. */
const endMsMax = 1_000

/**
 * A connection of the driver with framing, failures and timeouts of our own: the driver's would end
 * the process over a response of negative length, and keep timers running while nothing happens.
 *
 *   connecting -> authenticating -> open
 *        |              |            |
 *        +--------------+------------+--> failed (`#failure`)
 */
class KafkajsConnection implements BrokerConnection {
  readonly #address: BrokerAddress
  readonly #clientId: string
  readonly #scheduler: Scheduler
  readonly #failed = Promise.withResolvers<never>()
  #status: 'connecting' | 'authenticating' | 'open' = 'connecting'
  #failure: Error | undefined
  #driver: DriverConnection | undefined
  #socket: Socket | undefined
  #versions: BrokerVersions = new Map()

  constructor(address: BrokerAddress, clientId: string, scheduler: Scheduler) {
    this.#address = address
    this.#clientId = clientId
    this.#scheduler = scheduler
  }

  get versions(): BrokerVersions {
    return this.#versions
  }

  get open(): boolean {
    return this.#failure === undefined
  }

  /** Called once. Rejects as `ConnectBroker`, also when `destroy` is called meanwhile. */
  establish(options: ResolvedConnection): Promise<void> {
    return Promise.race([this.#establish(options), this.#failed.promise])
  }

  /** Through the queue of the driver, but without its `send`, which copies every body twice. */
  async send({ apiName, apiKey, version, body, answered }: ConnectionRequest): Promise<Buffer> {
    const { driver, socket } = this.#connected()
    const correlationId = driver.nextCorrelationId()
    const place = { apiKey, version, correlationId, clientId: this.#clientId }
    const head = requestHead(place, body.length)
    const answer = Promise.withResolvers<{ readonly payload: Buffer | null }>()
    const { resolve, reject } = answer
    try {
      driver.requestQueue.push({
        entry: { apiKey, apiName, apiVersion: version, correlationId, resolve, reject },
        expectResponse: answered,
        sendRequest: () => {
          socket.cork()
          socket.write(head)
          socket.write(body)
          socket.uncork()
        },
      })
      const { payload } = await answer.promise
      return payload ?? noBytes
    } catch (error) {
      throw this.#failureOf(error)
    }
  }

  destroy(failure: Error): void {
    if (this.#fail(failure)) this.#socket?.destroy(failure)
  }

  async end(failure: Error): Promise<void> {
    const socket = this.#socket
    if (!this.#fail(failure) || socket === undefined || socket.closed) return
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
    socket.end()
    const timer = this.#scheduler.after(endMsMax, () => socket.destroy(failure))
    await closed
    timer.cancel()
  }

  async #establish(options: ResolvedConnection): Promise<void> {
    const sasl = await this.#sasl(options)
    const driver = await this.#newDriver(options, sasl)
    this.#throwIfFailed()
    this.#driver = driver
    await driver.connect().catch((error: unknown) => {
      throw this.#failureOf(error)
    })
    this.#status = 'authenticating'
    this.#versions = await this.#askVersions()
    driver.setVersions(driverVersions(this.#versions))
    driver.setSupportAuthenticationProtocol(true)
    await driver.authenticate().catch((error: unknown) => {
      throw this.#failureOf(error)
    })
    this.#status = 'open'
  }

  async #sasl({ sasl }: ResolvedConnection): Promise<SASLOptions | undefined> {
    if (sasl === undefined) return undefined
    const { mechanism } = sasl
    try {
      if (mechanism === 'oauthbearer') {
        return { mechanism, oauthBearerProvider: async () => ({ value: await sasl.token() }) }
      }
      return { mechanism, username: sasl.username, password: await sasl.password() }
    } catch (error) {
      throw transportError('auth', this.#address, error)
    }
  }

  async #newDriver(
    options: ResolvedConnection,
    sasl: SASLOptions | undefined,
  ): Promise<DriverConnection> {
    const { clientId, connectTimeoutMs } = options
    const kafka = new Kafka({
      brokers: [addressText(this.#address)],
      clientId,
      connectionTimeout: connectTimeoutMs,
      enforceRequestTimeout: false,
      logLevel: logLevel.NOTHING,
      socketFactory: ({ onConnect }) => this.#openSocket(options.tls, onConnect),
      ...(sasl === undefined ? {} : { sasl }),
    })
    const driver = checkDriverConnection(await newDriverConnection(kafka, this.#address))
    const queue = driver.requestQueue
    const frames = new FrameReader((correlationId, payload) => {
      if (!queue.inflight.has(correlationId)) {
        throw protocolViolated('what the broker sent', 'an answer to no request')
      }
      queue.fulfillRequest({ correlationId, payload, size: payload.length })
    })
    driver.processData = (chunk) => {
      try {
        if (this.open) frames.push(chunk)
      } catch (error) {
        this.destroy(this.#failureOf(error))
      }
    }
    // Requests never wait in the driver, and the timer that looks for them would never rest.
    queue.scheduleCheckPendingRequests = () => {}
    return driver
  }

  /** The listeners come before those of the driver, so that every failure is one of ours. */
  #openSocket(tls: (() => TlsOptions) | undefined, onConnect: () => void): Socket {
    const { host, port } = this.#address
    const socket =
      tls === undefined
        ? connectTcp({ host, port }, onConnect)
        : connectTls({ host, port, ...serverName(host), ...driverTls(tls()) }, onConnect)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, keepAliveMs)
    const lost = (cause: unknown): void => {
      const kind = failureKindOf(cause, this.#status !== 'connecting')
      this.destroy(transportError(kind, this.#address, cause))
    }
    socket.on('error', lost)
    socket.on('end', () => lost(this.#endedReason(tls !== undefined)))
    socket.on('close', () => lost('the connection was cut'))
    this.#socket = socket
    return socket
  }

  #endedReason(encrypted: boolean): string {
    return encrypted && this.#status === 'connecting'
      ? 'the broker ended the connection before TLS was agreed upon'
      : 'the broker ended the connection'
  }

  /** Version 2 is understood by every broker, so nothing needs to be known to ask. */
  async #askVersions(): Promise<BrokerVersions> {
    const version = apiVersionsApi.versions.max
    const { name, key } = apiVersionsApi
    const body = encodeRequest(apiVersionsApi, version, undefined)
    const answer = await this.send({ apiName: name, apiKey: key, version, body, answered: true })
    const { errorCode, versions } = decodeResponse(apiVersionsApi, version, answer)
    if (errorCode === 0) return versions
    const broker = addressText(this.#address)
    throw new FlinktsError(
      'FLINKTS_KAFKA_BROKER_UNSUPPORTED',
      `the broker "${broker}" does not speak ApiVersions v${version}`,
      { hint: `Use Kafka ${oldestKafka} or newer.` },
    )
  }

  #connected(): { readonly driver: DriverConnection; readonly socket: Socket } {
    this.#throwIfFailed()
    const [driver, socket] = [this.#driver, this.#socket]
    assert(driver !== undefined && socket !== undefined, 'requests follow the connection')
    return { driver, socket }
  }

  /** Ends what waits for the connection; false if it had failed before. */
  #fail(failure: Error): boolean {
    if (this.#failure !== undefined) return false
    this.#failure = failure
    this.#failed.promise.catch(() => undefined)
    this.#failed.reject(failure)
    this.#driver?.requestQueue.rejectAll(failure)
    return true
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  /** What something threw, as one of our errors; the connection ends with it. */
  #failureOf(thrown: unknown): Error {
    if (this.#failure !== undefined) return this.#failure
    const kind = authenticationErrors.has(nameOf(thrown)) ? 'auth' : 'closed'
    const failure =
      thrown instanceof FlinktsError ? thrown : transportError(kind, this.#address, thrown)
    this.destroy(failure)
    return failure
  }
}

const noBytes = Buffer.alloc(0)

/** What goes before the body of a request: its length, and the first version of the header. */
function requestHead(
  request: {
    readonly apiKey: number
    readonly version: number
    readonly correlationId: number
    readonly clientId: string
  },
  bodyBytes: number,
): Buffer {
  const clientIdBytes = Buffer.byteLength(request.clientId)
  const head = Buffer.allocUnsafe(14 + clientIdBytes)
  head.writeInt32BE(head.length - 4 + bodyBytes, 0)
  head.writeInt16BE(request.apiKey, 4)
  head.writeInt16BE(request.version, 6)
  head.writeInt32BE(request.correlationId, 8)
  head.writeInt16BE(clientIdBytes, 12)
  head.write(request.clientId, 14)
  return head
}

const keepAliveMs = 60_000

/** By name: the driver does not export all of their classes. */
const authenticationErrors: ReadonlySet<string> = new Set([
  'KafkaJSSASLAuthenticationError',
  'KafkaJSProtocolError',
])

function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : ''
}

/** The hook for assigners is public, and is given the driver's `Cluster`. */
async function newDriverConnection(kafka: Kafka, address: BrokerAddress): Promise<unknown> {
  let cluster: unknown
  kafka.consumer({
    groupId: 'unused',
    partitionAssigners: [
      (config) => {
        cluster = config.cluster
        return {
          name: 'unused',
          version: 1,
          assign: async () => [],
          protocol: () => ({ name: 'unused', metadata: noBytes }),
        }
      },
    ],
  })
  const builder = memberOf(cluster, 'connectionPoolBuilder')
  const build = memberOf(builder, 'build')
  const pool: unknown =
    typeof build === 'function' ? await Reflect.apply(build, builder, [{ ...address }]) : undefined
  const connections = memberOf(pool, 'pool')
  return Array.isArray(connections) ? connections[0] : undefined
}

/** As the driver has them. */
function driverVersions(versions: BrokerVersions): Readonly<Record<number, unknown>> {
  const entries = Array.from(versions, ([key, { min, max }]) => [
    key,
    { minVersion: min, maxVersion: max },
  ])
  return Object.fromEntries(entries) as Readonly<Record<number, unknown>>
}

/** An address is no name that a certificate or a proxy could be asked for. */
function serverName(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {}
}

function driverTls(options: TlsOptions): ConnectionOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as ConnectionOptions
}
