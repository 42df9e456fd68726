import { FlinktsError } from '@flinkts/core/connector'
import { type Api, decodeResponse, encodeRequest } from '../protocol/api.ts'
import type { KafkaTransport, TransportChannel } from './kafka-transport.ts'
import { isTransient } from './retry.ts'

/** What may differ from request to request. @internal */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined
  /** `default` unless said. */
  readonly channel?: TransportChannel | undefined
  /** Added to the timeout: how long the broker may take its time by what the request says. */
  readonly extraTimeoutMs?: number | undefined
  /** Room for the body, if it will be large. */
  readonly sizeHintBytes?: number | undefined
}

/** Sends requests of any API, encoded in the version that the broker speaks. @internal */
export class Requester {
  readonly #transport: KafkaTransport
  readonly #requestTimeoutMs: number

  constructor(transport: KafkaTransport, requestTimeoutMs: number) {
    this.#transport = transport
    this.#requestTimeoutMs = requestTimeoutMs
  }

  /** @throws FlinktsError as `KafkaTransport.request` */
  async send<Request, Response>(
    nodeId: number,
    api: Api<Request, Response>,
    request: Request,
    options: SendOptions = {},
  ): Promise<Response> {
    const { version, body } = await this.#send(nodeId, api, request, { ...options, answered: true })
    return decodeResponse(api, version, body)
  }

  /** Sends a request that no broker answers; resolves when it was handed to the socket. */
  async sendOnly<Request>(
    nodeId: number,
    api: Api<Request, unknown>,
    request: Request,
    options: SendOptions = {},
  ): Promise<void> {
    await this.#send(nodeId, api, request, { ...options, answered: false })
  }

  /**
   * Sends to one node after the other until one answers.
   *
   * @throws FlinktsError FLINKTS_KAFKA_UNREACHABLE, or what no other node would mend
   */
  async sendToAny<Request, Response>(
    nodeIds: readonly number[],
    api: Api<Request, Response>,
    request: Request,
    options: SendOptions = {},
  ): Promise<Response> {
    const failures: FlinktsError[] = []
    const asked: string[] = []
    for (const nodeId of nodeIds) {
      options.signal?.throwIfAborted()
      asked.push(this.#transport.describe(nodeId))
      try {
        return await this.send(nodeId, api, request, options)
      } catch (error) {
        if (!(error instanceof FlinktsError)) throw error
        failures.push(error)
      }
    }
    const lasting = failures.find((failure): boolean => !isTransient(failure))
    if (lasting !== undefined) throw lasting
    throw unreachable(asked, failures)
  }

  #send<Request>(
    nodeId: number,
    api: Api<Request, unknown>,
    request: Request,
    options: SendOptions & { readonly answered: boolean },
  ): Promise<{ readonly version: number; readonly body: Buffer }> {
    const { signal, channel = 'default', extraTimeoutMs = 0, sizeHintBytes, answered } = options
    return this.#transport.request(nodeId, {
      api,
      encode: (version) => encodeRequest(api, version, request, sizeHintBytes),
      channel,
      timeoutMs: this.#requestTimeoutMs + extraTimeoutMs,
      signal,
      answered,
    })
  }
}

function unreachable(asked: readonly string[], failures: readonly FlinktsError[]): FlinktsError {
  const brokers = [...new Set(asked)].join('", "')
  const reason = failures[0] === undefined ? '' : `: ${failures[0].message}`
  return new FlinktsError(
    'FLINKTS_KAFKA_UNREACHABLE',
    `no broker of the cluster answered ("${brokers}")${reason}`,
    {
      hint: 'Check that the brokers run, and that host and port in "brokers" are right.',
      cause: new AggregateError(failures, 'what each of the brokers failed with'),
    },
  )
}
