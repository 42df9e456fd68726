import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { apiVersionsApi } from '../../src/protocol/api-versions.ts'
import { metadataApi } from '../../src/protocol/metadata.ts'
import { WireWriter } from '../../src/protocol/wire-writer.ts'

/** A request as it came. */
export interface FakeRequest {
  readonly apiKey: number
  readonly version: number
  readonly correlationId: number
  /** What follows the correlation id: the client id, and the body. */
  readonly rest: Buffer
  readonly socket: Socket
}

/** Answers a request: with the body of a response, or by doing something to the socket instead. */
export type FakeAnswer = (request: FakeRequest) => Buffer | undefined

/** The versions that it says to speak; the rest is not spoken. */
export type FakeVersions = readonly (readonly [key: number, min: number, max: number])[]

const everyVersion: FakeVersions = Array.from({ length: 70 }, (_, key) => [key, 0, 99] as const)

/**
 * A broker that does what no real one can be made to do: garbage, silence, cut answers, errors at
 * will. It speaks Kafka's protocol over TCP. Unless an answer says otherwise, it tells its
 * versions, and that it is the only broker (node 1).
 */
export class FakeBroker implements AsyncDisposable {
  /** Every request, as `<key> v<version>`. */
  readonly requests: string[] = []
  /** The connections that were ever made. */
  connectionCount = 0
  /** Known after `start`. */
  port = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #answers: ReadonlyMap<number, FakeAnswer>
  readonly #versions: FakeVersions

  private constructor(answers: Readonly<Record<number, FakeAnswer>>, versions: FakeVersions) {
    this.#answers = new Map(Object.entries(answers).map(([key, answer]) => [Number(key), answer]))
    this.#versions = versions
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** @param answers - By the key of the API. */
  static async start(
    answers: Readonly<Record<number, FakeAnswer>> = {},
    versions: FakeVersions = everyVersion,
  ): Promise<FakeBroker> {
    const broker = new FakeBroker(answers, versions)
    broker.#server.listen(0, '127.0.0.1')
    await once(broker.#server, 'listening')
    broker.port = (broker.#server.address() as AddressInfo).port
    return broker
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** Cuts all connections, without a word. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    this.connectionCount++
    this.#sockets.add(socket)
    let bytes = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const end = 4 + bytes.readInt32BE(0)
        this.#answer(socket, bytes.subarray(4, end))
        bytes = bytes.subarray(end)
      }
    })
  }

  #answer(socket: Socket, request: Buffer): void {
    const apiKey = request.readInt16BE(0)
    const version = request.readInt16BE(2)
    const correlationId = request.readInt32BE(4)
    this.requests.push(`${apiKey} v${version}`)
    const answer = this.#answers.get(apiKey) ?? this.#usualAnswer(apiKey)
    const body = answer({ apiKey, version, correlationId, rest: request.subarray(8), socket })
    if (body !== undefined) socket.write(frameOf(correlationId, body))
  }

  #usualAnswer(apiKey: number): FakeAnswer {
    if (apiKey === apiVersionsApi.key) return () => versionsResponse(this.#versions)
    if (apiKey === metadataApi.key) return () => metadataBody(this.port)
    return () => undefined
  }
}

/** The bytes of a response. */
export function frameOf(correlationId: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 4, 0)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, body])
}

/** A body in the form without compact fields. */
export function plainBody(write: (writer: WireWriter) => void): Buffer {
  const writer = new WireWriter({ version: 0, flexible: false })
  write(writer)
  return writer.finish()
}

/** A body in the compact form, after its header. */
export function compactBody(write: (writer: WireWriter) => void): Buffer {
  const writer = new WireWriter({ version: 0, flexible: true })
  writer.noTags()
  write(writer)
  writer.noTags()
  return writer.finish()
}

function versionsResponse(versions: FakeVersions): Buffer {
  const writer = new WireWriter({ version: 2, flexible: false })
  writer.int16(0)
  writer.array(versions, (to, [key, min, max]) => {
    to.int16(key)
    to.int16(min)
    to.int16(max)
  })
  writer.int32(0)
  return writer.finish()
}

/** The only partition of the topic `topic`, as metadata tell of it. */
export interface FakePartition {
  readonly errorCode: number
  /** -1: nobody leads. */
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicaIds: readonly number[]
  readonly inSyncReplicaIds: readonly number[]
  readonly offlineReplicaIds: readonly number[]
}

/** Version 12: the broker itself, and the topic `topic` if there is a partition. */
export function metadataBody(port: number, partition?: FakePartition): Buffer {
  return compactBody((writer) => {
    writer.int32(0)
    writer.array([port], (to, its) => {
      to.int32(1)
      to.string('127.0.0.1')
      to.int32(its)
      to.nullableString(undefined)
      to.noTags()
    })
    writer.nullableString('fake')
    writer.int32(1)
    writer.array(partition === undefined ? [] : [partition], (to, its) => {
      to.int16(0)
      to.nullableString('topic')
      to.uuid('QWxzIGRhcyBLaW5kIEtpbg')
      to.boolean(false)
      to.array([its], writePartition)
      to.int32(0)
      to.noTags()
    })
  })
}

function writePartition(writer: WireWriter, partition: FakePartition): void {
  writer.int16(partition.errorCode)
  writer.int32(0)
  writer.int32(partition.leaderId)
  writer.int32(partition.leaderEpoch)
  writer.int32Array(partition.replicaIds)
  writer.int32Array(partition.inSyncReplicaIds)
  writer.int32Array(partition.offlineReplicaIds)
  writer.noTags()
}
