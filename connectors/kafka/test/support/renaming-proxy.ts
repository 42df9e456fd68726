import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { metadataApi } from '../../src/protocol/metadata.ts'

/**
 * Passes everything on to the only broker of a cluster, but for the address under which the
 * broker names itself: clients stay on the way that they took at first, which a test can break.
 */
export class RenamingProxy {
  /** Of 127.0.0.1, which clients are told; set before the first of them comes. */
  advertisedPort = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(broker: { readonly host: string; readonly port: number }) {
    this.#server = createServer((client) => this.#accept(client, connect(broker)))
  }

  static async start(broker: {
    readonly host: string
    readonly port: number
  }): Promise<RenamingProxy> {
    const proxy = new RenamingProxy(broker)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #accept(client: Socket, broker: Socket): void {
    const metadataIds = new Set<number>()
    const requests = new FrameRelay(broker, (frame) => {
      if (frame.readInt16BE(4) === metadataApi.key) metadataIds.add(frame.readInt32BE(8))
      return frame
    })
    const responses = new FrameRelay(client, (frame) =>
      metadataIds.delete(frame.readInt32BE(4)) ? this.#renamed(frame) : frame,
    )
    for (const [from, to, relay] of [
      [client, broker, requests],
      [broker, client, responses],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('data', (chunk) => {
        if (relay.push(chunk)) return
        from.pause()
        to.once('drain', () => from.resume())
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }

  /** Flexible versions: correlation id, tags, throttle time, array of brokers: id, host, port. */
  #renamed(frame: Buffer): Buffer {
    const hostAt = 4 + 4 + 1 + 4 + 1 + 4
    const portEnd = hostAt + frame.readUInt8(hostAt) + 4
    const port = Buffer.alloc(4)
    port.writeInt32BE(this.advertisedPort)
    const host = Buffer.from('127.0.0.1')
    const named = Buffer.concat([
      frame.subarray(0, hostAt),
      Buffer.from([host.length + 1]),
      host,
      port,
      frame.subarray(portEnd),
    ])
    named.writeInt32BE(frame.readInt32BE(0) + named.length - frame.length, 0)
    return named
  }
}

/** Enough to know the API of a request, and where the port of the first broker is. */
const headBytes = 64

/** Passes frames on, and lets the head of each be looked at and changed before. */
class FrameRelay {
  readonly #to: Socket
  readonly #change: (frame: Buffer) => Buffer
  #held = Buffer.alloc(0)
  /** Of the frame that goes through as it comes. */
  #passingBytes = 0

  /** @param change - Given the bytes from the start of a frame on: its head at least. */
  constructor(to: Socket, change: (frame: Buffer) => Buffer) {
    this.#to = to
    this.#change = change
  }

  /** @returns whether more may come at once. */
  push(chunk: Buffer): boolean {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    while (rest.length > 0) {
      if (this.#passingBytes === 0) {
        if (!hasHead(rest)) {
          this.#held = Buffer.from(rest)
          break
        }
        rest = this.#change(rest)
        this.#passingBytes = 4 + rest.readInt32BE(0)
      }
      const part = rest.subarray(0, this.#passingBytes)
      this.#to.write(part)
      this.#passingBytes -= part.length
      rest = rest.subarray(part.length)
    }
    return !this.#to.writableNeedDrain
  }
}

function hasHead(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.length >= Math.min(headBytes, 4 + bytes.readInt32BE(0))
}
