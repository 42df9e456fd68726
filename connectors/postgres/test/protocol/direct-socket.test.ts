import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CopyChannel } from '../../src/protocol/copy-channel.ts'
import { DirectSocket } from '../../src/protocol/direct-socket.ts'
import { copyData, frame } from './wire.ts'

const server = createServer()
let socket: DirectSocket
let peer: Socket

beforeEach(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  socket = new DirectSocket(65_536)
  const accepted = once(server, 'connection')
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1')
  ;[peer] = (await accepted) as [Socket]
})

afterEach(async () => {
  socket.destroy()
  peer.destroy()
  server.close()
  await once(server, 'close')
})

test('whoever listens may keep what was read', async () => {
  const kept: Buffer[] = []
  socket.on('data', (chunk: Buffer) => kept.push(chunk))

  for (const text of ['first', 'second']) {
    peer.write(text)
    await once(socket, 'data')
  }

  expect(Buffer.concat(kept).toString()).toBe('firstsecond')
})

test('a channel takes what is read, pauses it, and gives it back to the driver', async () => {
  const driver: string[] = []
  socket.on('data', (chunk: Buffer) => driver.push(chunk.toString('latin1')))
  const arrived: (() => void)[] = []
  const channel = new CopyChannel({
    bufferBytesMax: 1_000_000,
    messageBytesMax: 1_000_000,
    coalescing: undefined,
    onRead: () => arrived.shift()?.(),
    tooLong: () => expect.fail('no message is too long'),
  })
  const payloads = Array.from({ length: 3000 }, (_, index) => `${index}:`.padEnd(1000, 'x'))
  channel.attach(socket)
  peer.write(Buffer.concat(payloads.map((payload) => copyData(payload))))

  const taken: string[] = []
  let pauses = 0
  while (taken.length < payloads.length) {
    await new Promise<void>((resolve) => arrived.push(resolve))
    if (!channel.paused && taken.length === 0) continue
    pauses += channel.paused ? 1 : 0
    for (; channel.peek(); channel.skip()) {
      taken.push(channel.bytes.toString('latin1', channel.start, channel.end))
    }
  }
  channel.detach()
  const passedOn = once(socket, 'data')
  peer.write(frame('Z', 'I'))
  await passedOn

  expect(taken).toEqual(payloads)
  expect(pauses).toBeGreaterThan(0)
  expect(driver).toEqual([frame('Z', 'I').toString('latin1')])
})

test('the end of the connection is told as on any socket', async () => {
  socket.on('data', () => {})
  const ended = once(socket, 'end')

  peer.end()

  await expect(ended).resolves.toEqual([])
})
