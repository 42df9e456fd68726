import { connect } from 'node:net'
import { addAbortSignal } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Address } from './container.ts'

const answerTimeoutMs = 2_000
const errorCodeAt = 8

// ApiVersions, version 0, as every broker answers it, also before a login: size, key of the API,
// its version, correlation id, and no name of a client.
const request = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff])

/**
 * Asks a broker which requests it knows: it answers once it serves clients. An open port says less:
 * the engine opens it before the broker does. `ca` is the authority of a TLS listener.
 * @throws Error when the broker does not answer
 * @internal
 */
export async function probeKafka({ host, port }: Address, ca: string | undefined): Promise<void> {
  const socket = ca === undefined ? connect({ host, port }) : connectTls({ host, port, ca })
  addAbortSignal(AbortSignal.timeout(answerTimeoutMs), socket)
  try {
    socket.write(request)
    checkAnswer(await firstBytes(socket))
  } finally {
    socket.destroy()
  }
}

async function firstBytes(socket: AsyncIterable<Buffer>): Promise<Buffer> {
  let received = Buffer.alloc(0)
  for await (const part of socket) {
    received = Buffer.concat([received, part])
    if (received.length >= errorCodeAt + 2) return received
  }
  throw new Error('the broker closed the connection')
}

// A size, the correlation id, an error code.
function checkAnswer(answer: Buffer): void {
  const errorCode = answer.readInt16BE(errorCodeAt)
  if (errorCode !== 0) throw new Error(`the broker answered with error ${errorCode}`)
}
