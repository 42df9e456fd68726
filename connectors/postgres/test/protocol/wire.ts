import { Duplex } from 'node:stream'

/** A message of the frontend/backend protocol: a type, a length, a payload. */
export function frame(type: string, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload)
  const header = Buffer.alloc(5)
  header.write(type, 'latin1')
  header.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

/** CopyData. */
export function copyData(payload: Buffer | string): Buffer {
  return frame('d', payload)
}

/** CopyData with a message of pgoutput. */
export function xLogData(message: Buffer): Buffer {
  return copyData(Buffer.concat([Buffer.from('w'), Buffer.alloc(24), message]))
}

/** CopyData with a keepalive. */
export function keepalive(walEnd: bigint, replyRequested: boolean): Buffer {
  const payload = Buffer.alloc(18)
  payload.write('k', 'latin1')
  payload.writeBigUInt64BE(walEnd, 1)
  payload.writeUInt8(replyRequested ? 1 : 0, 17)
  return copyData(payload)
}

/** A socket in memory whose server side is the test. The driver has its listener on it. */
export class FakeSocket extends Duplex {
  /** What the driver's listener got. */
  readonly driverChunks: Buffer[] = []
  readonly sent: Buffer[] = []
  /** What the driver does when it gets something. */
  onDriver: () => void = () => {}

  constructor() {
    super()
    this.on('data', (chunk: Buffer) => {
      this.driverChunks.push(chunk)
      this.onDriver()
    })
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sent.push(chunk)
    done()
  }

  /** Lets bytes arrive, and waits until they were read, unless the socket is paused. */
  async receive(...parts: readonly Buffer[]): Promise<void> {
    for (const part of parts) this.push(part)
    await settled()
  }
}

/** Waits until the streams of Node have passed on what they can. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(() => {
      setImmediate(resolve)
    })
  })
}
