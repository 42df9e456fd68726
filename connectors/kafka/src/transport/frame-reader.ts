import { protocolViolated } from '../protocol/wire-reader.ts'

/**
 * The largest response. A response is at most as large as Fetch asked for, or one record batch;
 * what no broker sends (the answer of a web server, or an alert of TLS) reads as a larger number.
 *
 * @internal
 */
export const frameBytesMax: number = 256 * 1024 * 1024
const lengthBytes = 4
const correlationIdBytes = 4

/** Takes a response: its correlation id, and what follows it. @internal */
export type OnFrame = (correlationId: number, body: Buffer) => void

/**
 * Cuts the bytes of a connection into responses. A response that came in several chunks is copied
 * once, when it is whole.
 *
 * @internal
 */
export class FrameReader {
  readonly #onFrame: OnFrame
  #chunks: Buffer[] = []
  #bufferedBytes = 0
  /** Of the response at the front, with its length; unknown before four bytes are there. */
  #neededBytes = lengthBytes

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  /** @throws FlinktsError FLINKTS_KAFKA_PROTOCOL_VIOLATED if this is no response */
  push(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.length
    while (this.#bufferedBytes >= this.#neededBytes) {
      const bytes = this.#joined()
      const frameBytes = lengthBytes + frameLength(bytes)
      this.#neededBytes = frameBytes
      if (bytes.length < frameBytes) return
      this.#chunks = bytes.length === frameBytes ? [] : [bytes.subarray(frameBytes)]
      this.#bufferedBytes = bytes.length - frameBytes
      this.#neededBytes = lengthBytes
      const body = bytes.subarray(lengthBytes + correlationIdBytes, frameBytes)
      this.#onFrame(bytes.readInt32BE(lengthBytes), body)
    }
  }

  #joined(): Buffer {
    const [first] = this.#chunks
    if (this.#chunks.length === 1 && first !== undefined) return first
    const bytes = Buffer.concat(this.#chunks, this.#bufferedBytes)
    this.#chunks = [bytes]
    return bytes
  }
}

function frameLength(bytes: Buffer): number {
  const length = bytes.readInt32BE(0)
  if (length >= correlationIdBytes && length <= frameBytesMax) return length
  throw protocolViolated('what the broker sent', `a response of ${length} bytes`)
}
