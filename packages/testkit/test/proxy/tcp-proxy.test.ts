import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type ServerAddress, startProxy, type TcpProxy } from '../../src/proxy.ts'

describe('a proxy', () => {
  let server: Server
  let address: ServerAddress
  let accepted: Peer[]
  let clients: Peer[]
  let proxy: TcpProxy

  beforeEach(async () => {
    accepted = []
    clients = []
    server = createServer((socket) => {
      accepted.push(new Peer(socket))
      socket.on('data', (bytes) => socket.write(bytes))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const bound = server.address()
    if (bound === null || typeof bound === 'string') throw new Error('no port')
    address = { host: bound.address, port: bound.port }
    proxy = await startProxy(address)
  })

  afterEach(async () => {
    await proxy.close()
    for (const { socket } of [...clients, ...accepted]) socket.destroy()
    server.close()
  })

  function client(target: ServerAddress = proxy.connection): Peer {
    const peer = new Peer(connect(target))
    clients.push(peer)
    return peer
  }

  async function echoed(peer: Peer, text: string): Promise<void> {
    peer.socket.write(text)
    await peer.hasReceived(text)
  }

  test('keeps what else the target says about the connection', async () => {
    await using other = await startProxy({ ...address, user: 'me' })

    expect(other.connection).toEqual({
      host: '127.0.0.1',
      port: other.connection.port,
      user: 'me',
    })
  })

  test('passes bytes on in both directions', async () => {
    await echoed(client(), 'hello')

    expect(proxy.connectionCount).toBe(1)
    expect(accepted[0]?.text).toBe('hello')
  })

  test('passes the end on', async () => {
    const peer = client()
    await echoed(peer, 'x')

    peer.socket.end()

    expect(await peer.closed).toBe('in order')
    expect(await accepted[0]?.closed).toBe('in order')
    await vi.waitFor(() => expect(proxy.connectionCount).toBe(0), quick)
  })

  test('reads no faster than the receiver does, and keeps the order', async () => {
    const sent = Buffer.alloc(20 << 20, 'abcdefg')
    const peer = client()
    await echoed(peer, 'x')
    peer.socket.pause()

    accepted[0]?.socket.write(sent)
    let waiting = sent.length
    await vi.waitFor(
      () => {
        const before = waiting
        waiting = accepted[0]?.socket.writableLength ?? 0
        expect(waiting).toBe(before)
      },
      { timeout: 30_000, interval: 50 },
    )
    expect(waiting).toBeGreaterThan(0)
    peer.socket.resume()

    await vi.waitFor(() => expect(peer.size).toBe(1 + sent.length), quick)
    expect(peer.text === `x${sent.toString()}`).toBe(true)
  })

  test('holds bytes back while it is cut, and loses none when it is mended', async () => {
    const peer = client()
    await echoed(peer, 'a')

    proxy.cut()
    peer.socket.write('b')
    await echoed(client(address), 'by another way')
    expect(accepted[0]?.text).toBe('a')
    proxy.mend()

    await peer.hasReceived('ab')
  })

  test('lets requests arrive and holds answers when it is cut to the client', async () => {
    const peer = client()
    await echoed(peer, 'a')

    proxy.cut('to-client')
    peer.socket.write('b')
    await accepted[0]?.hasReceived('ab')
    await echoed(client(address), 'by another way')
    expect(peer.text).toBe('a')
    proxy.mend()

    await peer.hasReceived('ab')
  })

  test('does not tell the server of clients that come while it is cut', async () => {
    proxy.cut()
    const peer = client()
    await peer.opened
    peer.socket.write('a')
    await echoed(client(address), 'by another way')
    expect(accepted).toHaveLength(1)

    proxy.mend()

    await peer.hasReceived('a')
    expect(accepted).toHaveLength(2)
  })

  test('delays bytes by the latency, each way, and keeps their order', async () => {
    const peer = client()
    await echoed(peer, 'x')
    proxy.setLatency(20)
    const startMs = performance.now()

    peer.socket.write('a')
    peer.socket.write('b')
    await peer.hasReceived('xab')

    // Timers may come up to a millisecond early.
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(38)
  })

  test('resets both sides and keeps its address', async () => {
    const peer = client()
    await echoed(peer, 'a')

    proxy.reset()

    expect(await peer.closed).toBe('ECONNRESET')
    expect(await accepted[0]?.closed).toBe('ECONNRESET')
    await echoed(client(), 'b')
  })

  test('ends a connection in the middle of what the server sends', async () => {
    const peer = client()
    await echoed(peer, 'a')

    proxy.breakAfter(3)
    await echoed(client(), 'another connection')
    peer.socket.write('bcdefg')

    expect(await peer.closed).toBe('in order')
    expect(peer.text).toBe('abcd')
    expect(accepted[0]?.text).toBe('abcdefg')
    expect(await accepted[0]?.closed).toBe('ECONNRESET')
    await vi.waitFor(() => expect(proxy.connectionCount).toBe(1), quick)
  })

  test('loses the answer to what the server has done', async () => {
    const peer = client()
    await echoed(peer, 'a')

    proxy.breakAfter(0)
    peer.socket.write('b')

    expect(await peer.closed).toBe('in order')
    expect(peer.text).toBe('a')
    expect(accepted[0]?.text).toBe('ab')
  })

  test('passes a reset of the server on to the client', async () => {
    const peer = client()
    await echoed(peer, 'a')

    accepted[0]?.socket.resetAndDestroy()

    expect(await peer.closed).toBe('ECONNRESET')
  })

  test('refuses clients until it is mended', async () => {
    proxy.refuse()
    expect(await client().closed).toBe('ECONNRESET')

    proxy.mend()

    await echoed(client(), 'a')
  })

  test('resets the client when the server cannot be reached', async () => {
    server.close()

    expect(await client().closed).toBe('ECONNRESET')
  })

  test.each(['client', 'server'] as const)(
    'kills the side of the %s and leaves the other open',
    async (side) => {
      const peer = client()
      await echoed(peer, 'a')
      const sides = { client: peer, server: accepted[0] ?? peer }
      const left = side === 'client' ? sides.server : sides.client

      proxy.halfOpen(side)

      expect(await sides[side].closed).toBe('ECONNRESET')
      left.socket.write('b')
      await echoed(client(address), 'by another way')
      expect(left.socket.readyState).toBe('open')
      proxy.reset()
      expect(await left.closed).toBe('ECONNRESET')
    },
  )

  test('may be closed twice', async () => {
    await proxy.close()
    await proxy.close()

    expect(await client().closed).toBe('ECONNREFUSED')
  })
})

const quick = { timeout: 5_000, interval: 1 } as const

/** One end of a connection, and all that it saw. */
class Peer {
  readonly socket: Socket
  readonly opened: Promise<unknown>
  /** The code of the error that closed it, or `in order`. */
  readonly closed: Promise<string>
  readonly #parts: Buffer[] = []
  size = 0

  constructor(socket: Socket) {
    let end = 'in order'
    this.socket = socket
    this.opened = new Promise((resolve) => {
      socket.on('connect', resolve)
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve(end))
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      end = error.code ?? error.message
    })
    socket.on('data', (bytes) => {
      this.#parts.push(bytes)
      this.size += bytes.length
    })
  }

  get text(): string {
    return Buffer.concat(this.#parts).toString()
  }

  async hasReceived(text: string): Promise<void> {
    await vi.waitFor(() => expect(this.text).toBe(text), quick)
  }
}
