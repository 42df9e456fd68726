import { createHook } from 'node:async_hooks'
import type { Socket } from 'node:net'
import { delay, systemTime } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import { checkDriverConnection, createTransport } from '../src/client.ts'
import type { KafkaTransport, WireRequest, WireResponse } from '../src/cluster/kafka-transport.ts'
import { type ConnectionOptions, resolveConnection } from '../src/connection/connection-options.ts'
import { encodeRequest } from '../src/protocol/api.ts'
import { endTxnApi } from '../src/protocol/end-txn.ts'
import { environment } from './support/cluster-fixture.ts'
import { compactBody, FakeBroker, frameOf, plainBody } from './support/fake-broker.ts'

const endTxn = endTxnApi.key
const transaction = { transactionalId: 'a', producerId: 1, producerEpoch: 1 }

/** A transport that is closed at the end of the test. */
function openTransport(
  broker: FakeBroker | string,
  options: Partial<ConnectionOptions> = {},
): KafkaTransport & AsyncDisposable {
  const brokers = typeof broker === 'string' ? broker : broker.address
  const connection = resolveConnection({
    brokers,
    reconnectBackoff: { minMs: 1, maxMs: 1 },
    ...options,
  })
  const transport = createTransport(connection, environment)
  return Object.assign(transport, { [Symbol.asyncDispose]: () => transport.close() })
}

function request(
  transport: KafkaTransport,
  options: Partial<WireRequest> = {},
): Promise<WireResponse> {
  return transport.request(-1, {
    api: endTxnApi,
    encode: (version) => encodeRequest(endTxnApi, version, { transaction, end: 'commit' }),
    channel: 'default',
    timeoutMs: 5_000,
    answered: true,
    ...options,
  })
}

const done = (): Buffer =>
  compactBody((writer) => {
    writer.int32(0)
    writer.int16(0)
  })

function failing(code: string, part = ''): object {
  return expect.objectContaining({
    code,
    message: expect.stringContaining(part) as string,
  }) as object
}

describe('a transport', () => {
  test('asks for the versions of the broker, and sends in the newest that both speak', async () => {
    await using broker = await FakeBroker.start({ [endTxn]: done })
    await using transport = openTransport(broker)

    const response = await request(transport)

    expect(response).toEqual({ version: 3, body: done() })
    expect(broker.requests).toEqual(['18 v2', '26 v3'])
  })

  test('does not connect for ever to a broker that ends every connection', async () => {
    await using broker = await FakeBroker.start({ 18: ({ socket }) => void socket.end() })
    await using transport = openTransport(broker)

    await expect(request(transport)).rejects.toEqual(failing('FLINKTS_KAFKA_CONNECTION_LOST'))

    expect(broker.connectionCount).toBeLessThanOrEqual(2)
  })

  test('refuses a broker that speaks no version of the request', async () => {
    await using broker = await FakeBroker.start({}, [[endTxn, 4, 5]])
    await using transport = openTransport(broker)

    await expect(request(transport)).rejects.toEqual(
      failing('FLINKTS_KAFKA_BROKER_UNSUPPORTED', 'speaks v4 to v5: EndTxn'),
    )
  })

  test('keeps fetches apart from all else', async () => {
    await using broker = await FakeBroker.start({ [endTxn]: done })
    await using transport = openTransport(broker)

    await Promise.all([request(transport), request(transport, { channel: 'fetch' })])
    await Promise.all([request(transport), request(transport, { channel: 'fetch' })])

    expect(broker.connectionCount).toBe(2)
  })

  test('waits for no answer where there is none', async () => {
    await using broker = await FakeBroker.start({})
    await using transport = openTransport(broker)

    const { body } = await request(transport, { answered: false })

    expect(body).toHaveLength(0)
    await expect.poll(() => broker.requests).toContain('26 v3')
  })

  test('proves itself by a token that is new for every connection', async () => {
    const proofs: string[] = []
    await using broker = await FakeBroker.start({
      17: () =>
        plainBody((writer) => {
          writer.int16(0)
          writer.stringArray(['OAUTHBEARER'])
        }),
      36: ({ rest }) => {
        proofs.push(rest.toString('latin1'))
        return plainBody((writer) => {
          writer.int16(0)
          writer.nullableString(undefined)
          writer.bytes(Buffer.alloc(0))
          writer.int64(0)
        })
      },
      [endTxn]: done,
    })
    let tokenCount = 0
    const token = (): string => `token-${++tokenCount}`
    await using transport = openTransport(broker, { sasl: { mechanism: 'oauthbearer', token } })

    await request(transport)
    await request(transport, { channel: 'fetch' })
    await request(transport)

    expect(proofs).toHaveLength(2)
    expect(proofs[0]).toContain('auth=Bearer token-1')
    expect(proofs[1]).toContain('auth=Bearer token-2')
    expect(broker.requests.slice(0, 4)).toEqual(['18 v2', '17 v1', '36 v1', '26 v3'])
  })

  test('tells a broker that is not there', async () => {
    const broker = await FakeBroker.start()
    const { address } = broker
    await broker[Symbol.asyncDispose]()
    await using transport = openTransport(address)

    await expect(request(transport)).rejects.toEqual(
      failing('FLINKTS_KAFKA_UNREACHABLE', `the broker "${address}" could not be reached`),
    )
  })

  test('gives up a broker that accepts the connection and says nothing', async () => {
    await using broker = await FakeBroker.start({ 18: () => undefined })
    await using transport = openTransport(broker, { connectTimeoutMs: 50 })

    await expect(request(transport)).rejects.toEqual(
      failing('FLINKTS_KAFKA_UNREACHABLE', 'no connection within 50 ms'),
    )
  })

  test('connects anew after the broker cut the connection', async () => {
    let cut = true
    await using broker = await FakeBroker.start({
      [endTxn]: ({ socket }) => {
        if (!cut) return done()
        cut = false
        socket.resetAndDestroy()
      },
    })
    await using transport = openTransport(broker)

    await expect(request(transport)).rejects.toEqual(failing('FLINKTS_KAFKA_CONNECTION_LOST'))
    await expect(request(transport)).resolves.toMatchObject({ version: 3 })

    expect(broker.connectionCount).toBe(2)
  })

  test('fails every request of a connection that ends in the middle of an answer', async () => {
    await using broker = await FakeBroker.start({
      [endTxn]: ({ correlationId, socket }) => {
        socket.end(frameOf(correlationId, done()).subarray(0, 9))
        return undefined
      },
    })
    await using transport = openTransport(broker)

    const outcomes = await Promise.allSettled([request(transport), request(transport)])

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(outcomes).toMatchObject([
      { reason: { code: 'FLINKTS_KAFKA_CONNECTION_LOST' } },
      { reason: { code: 'FLINKTS_KAFKA_CONNECTION_LOST' } },
    ])
  })

  test('puts an answer together that comes byte by byte', async () => {
    await using broker = await FakeBroker.start({
      [endTxn]: ({ correlationId, socket }) => {
        socket.setNoDelay(true)
        for (const byte of frameOf(correlationId, done())) socket.write(Buffer.from([byte]))
        return undefined
      },
    })
    await using transport = openTransport(broker)

    expect((await request(transport)).body).toEqual(done())
  })

  test.each([
    { what: 'a web server', bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') },
    { what: 'a negative length', bytes: Buffer.from([0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 0]) },
    { what: 'an answer to no request', bytes: frameOf(4711, Buffer.alloc(3)) },
  ])('refuses $what', async ({ bytes }) => {
    await using broker = await FakeBroker.start({
      [endTxn]: ({ socket }) => {
        socket.write(bytes)
        return undefined
      },
    })
    await using transport = openTransport(broker)

    await expect(request(transport)).rejects.toEqual(failing('FLINKTS_KAFKA_PROTOCOL_VIOLATED'))
  })

  test('throws the connection away when an answer is late', async () => {
    const late: (() => void)[] = []
    let silent = true
    await using broker = await FakeBroker.start({
      [endTxn]: ({ correlationId, socket }) => {
        if (!silent) return done()
        late.push(() => socket.write(frameOf(correlationId, done())))
        return undefined
      },
    })
    await using transport = openTransport(broker)

    await expect(request(transport, { timeoutMs: 50 })).rejects.toEqual(
      failing('FLINKTS_KAFKA_REQUEST_TIMED_OUT', 'no answer to EndTxn within 50 ms'),
    )
    silent = false
    for (const answer of late) answer()
    await request(transport)

    expect(broker.connectionCount).toBe(2)
  })

  test('lets go of a request that is aborted, and uses the connection further', async () => {
    const held: (() => void)[] = []
    await using broker = await FakeBroker.start({
      [endTxn]: ({ correlationId, socket }) => {
        held.push(() => socket.write(frameOf(correlationId, done())))
        return undefined
      },
    })
    await using transport = openTransport(broker)
    const abort = new AbortController()
    const given = request(transport, { signal: abort.signal })
    await expect.poll(() => held).toHaveLength(1)

    abort.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    const next = request(transport)
    await expect.poll(() => held).toHaveLength(2)
    for (const answer of held) answer()

    await expect(next).resolves.toMatchObject({ version: 3 })
    expect(broker.connectionCount).toBe(1)
  })

  test('closes while a request waits, which fails, and connects to nobody after', async () => {
    await using broker = await FakeBroker.start({ [endTxn]: () => undefined })
    const transport = openTransport(broker)
    const waiting = request(transport)
    waiting.catch(() => undefined)
    await expect.poll(() => broker.requests).toHaveLength(2)

    await transport.close()

    await expect(waiting).rejects.toEqual(failing('FLINKTS_KAFKA_CONNECTION_LOST', 'closed'))
    await expect(request(transport)).rejects.toEqual(failing('FLINKTS_KAFKA_UNREACHABLE'))
    await transport.close()
    expect(broker.connectionCount).toBe(1)
  })

  test('closes although the connection is still being made', async () => {
    await using broker = await FakeBroker.start({ 18: () => undefined })
    const transport = openTransport(broker)
    const waiting = request(transport)
    waiting.catch(() => undefined)
    await expect.poll(() => broker.requests).toHaveLength(1)

    await transport.close()

    await expect(waiting).rejects.toEqual(failing('FLINKTS_KAFKA_CONNECTION_LOST'))
  })

  test('closes although the broker keeps its end open', async () => {
    const sockets: Socket[] = []
    await using broker = await FakeBroker.start({
      [endTxn]: ({ socket }) => {
        socket.pause()
        sockets.push(socket)
        return done()
      },
    })
    const transport = openTransport(broker)
    await request(transport)

    await transport.close()

    expect(sockets).toHaveLength(1)
  })

  test('runs no timer while nothing happens', async () => {
    await using broker = await FakeBroker.start({ [endTxn]: done })
    await using transport = openTransport(broker)
    const running = new Set<number>()
    let startedCount = 0
    const hook = createHook({
      init: (id, type) => {
        if (
          type !== 'Timeout' ||
          !/[\\/](kafkajs|kafka)[\\/]src[\\/]/.test(String(new Error().stack))
        )
          return
        startedCount++
        running.add(id)
      },
      destroy: (id) => running.delete(id),
    })

    hook.enable()
    await request(transport)
    const beforeCount = startedCount
    await delay(systemTime, 100)
    hook.disable()

    expect(beforeCount).toBeGreaterThan(0)
    expect(startedCount).toBe(beforeCount)
    expect(running.size).toBe(0)
  })
})

describe('checkDriverConnection', () => {
  test('names what the installed driver lacks', () => {
    const present = { connect() {}, send() {}, requestQueue: { inflight: new Map() } }

    expect(() => checkDriverConnection(present)).toThrow(
      failing('FLINKTS_KAFKA_DRIVER_UNSUITABLE', 'has no "authenticate", "setVersions"'),
    )
    expect(() => checkDriverConnection(undefined)).toThrow(
      failing('FLINKTS_KAFKA_DRIVER_UNSUITABLE', '"inflight"'),
    )
  })
})
