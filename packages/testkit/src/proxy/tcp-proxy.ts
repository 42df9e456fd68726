import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { type Gate, Pipe } from './pipe.ts'

/** Where a server listens. @public */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** Which way bytes go. @public */
export type ProxyDirection = 'to-server' | 'to-client' | 'both'

/**
 * A TCP proxy in this process whose address stays while it breaks connections. Faults add up until
 * `mend`. Close it, or declare it with `await using`.
 *
 * @public
 */
export interface TcpProxy<Target extends ServerAddress = ServerAddress> extends AsyncDisposable {
  /** The target, with the proxy's host and port. */
  readonly connection: Target
  /** The count of clients that are connected now. */
  readonly connectionCount: number
  /**
   * Holds all bytes back that go this way, as a broken network does: connections stay and are
   * silent. New clients are not answered. With `to-client`, requests arrive and answers do not.
   */
  cut(direction?: ProxyDirection): void
  /** Delays all bytes by `ms`, each way. */
  setLatency(ms: number): void
  /** Resets clients that connect from now on. */
  refuse(): void
  /** Ends `cut`, `setLatency` and `refuse`. Bytes held back go on: TCP loses none. */
  mend(): void
  /**
   * Ends each connection that is there when the server has sent so many more bytes on it: these
   * the client gets, and what follows is lost. With 0, what the server then does is done, and the
   * client never hears of it.
   */
  breakAfter(byteCount: number): void
  /** Resets all connections on both sides, at once. Bytes held back are lost with them. */
  reset(): void
  /**
   * Resets one side of every connection only. The other keeps a connection that nobody answers,
   * until `reset` or `close`: with `client`, the server does not notice that its client has died.
   */
  halfOpen(side: 'client' | 'server'): void
  /** Resets everything and stops listening. May be repeated. */
  close(): Promise<void>
}

const clientCountMax = 1024

/** Starts a proxy in front of a server. @public */
export async function startProxy<Target extends ServerAddress>(
  target: Target,
): Promise<TcpProxy<Target>> {
  const server = createServer({ allowHalfOpen: true, noDelay: true })
  server.maxConnections = clientCountMax
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return new RunningProxy(server, target)
}

interface Link {
  readonly client: Socket
  readonly upstream: Socket
  /** To the server, to the client. */
  readonly pipes: readonly [Pipe, Pipe]
}

class RunningProxy<Target extends ServerAddress> implements TcpProxy<Target> {
  readonly connection: Target
  readonly #server: Server
  readonly #target: ServerAddress
  readonly #toServer: Gate = { held: false, latencyMs: 0 }
  readonly #toClient: Gate = { held: false, latencyMs: 0 }
  readonly #links = new Set<Link>()
  readonly #waiting = new Set<Socket>()
  readonly #abandoned = new Set<Socket>()
  #refusing = false

  constructor(server: Server, target: Target) {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    this.connection = { ...target, host: '127.0.0.1', port: address.port }
    this.#server = server
    this.#target = target
    server.on('connection', (client) => this.#accept(client))
  }

  get connectionCount(): number {
    return this.#links.size + this.#waiting.size
  }

  cut(direction: ProxyDirection = 'both'): void {
    if (direction !== 'to-client') this.#toServer.held = true
    if (direction !== 'to-server') this.#toClient.held = true
  }

  setLatency(ms: number): void {
    this.#toServer.latencyMs = ms
    this.#toClient.latencyMs = ms
  }

  refuse(): void {
    this.#refusing = true
  }

  mend(): void {
    this.#refusing = false
    this.setLatency(0)
    this.#toServer.held = false
    this.#toClient.held = false
    for (const { pipes } of this.#links) for (const pipe of pipes) pipe.flush()
    for (const client of this.#waiting) this.#link(client)
    this.#waiting.clear()
  }

  breakAfter(byteCount: number): void {
    for (const link of this.#links) {
      const [, toClient] = link.pipes
      toClient.limit(byteCount, () => this.#break(link))
    }
  }

  reset(): void {
    for (const socket of this.#sockets()) socket.resetAndDestroy()
    this.#links.clear()
    this.#waiting.clear()
    this.#abandoned.clear()
  }

  halfOpen(side: 'client' | 'server'): void {
    for (const link of this.#links) {
      const dead = side === 'client' ? link.client : link.upstream
      const left = side === 'client' ? link.upstream : link.client
      for (const pipe of link.pipes) pipe.close()
      this.#abandoned.add(left)
      left.pause()
      dead.resetAndDestroy()
    }
    this.#links.clear()
  }

  async close(): Promise<void> {
    this.reset()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(client: Socket): void {
    // A reset is a fault that we pass on or made ourselves; 'close' follows and does the rest.
    client.on('error', () => undefined)
    if (this.#refusing) {
      client.resetAndDestroy()
      return
    }
    if (!this.#toServer.held && !this.#toClient.held) {
      this.#link(client)
      return
    }
    // The network is cut: the server does not hear of this client until it is mended.
    client.pause()
    this.#waiting.add(client)
    client.on('close', () => this.#waiting.delete(client))
  }

  /** The client gets what it was given, and then the end. */
  #break({ client, upstream, pipes }: Link): void {
    for (const pipe of pipes) pipe.close()
    client.destroySoon()
    upstream.resetAndDestroy()
  }

  #link(client: Socket): void {
    const { host, port } = this.#target
    const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true })
    upstream.on('error', () => undefined)
    const pipes: Link['pipes'] = [
      new Pipe(client, upstream, this.#toServer),
      new Pipe(upstream, client, this.#toClient),
    ]
    const link = { client, upstream, pipes }
    this.#links.add(link)
    for (const socket of [client, upstream]) {
      socket.on('close', () => {
        if (client.destroyed && upstream.destroyed) this.#links.delete(link)
        this.#abandoned.delete(socket)
      })
    }
  }

  *#sockets(): Iterable<Socket> {
    for (const { client, upstream, pipes } of this.#links) {
      for (const pipe of pipes) pipe.close()
      yield client
      yield upstream
    }
    yield* this.#waiting
    yield* this.#abandoned
  }
}
