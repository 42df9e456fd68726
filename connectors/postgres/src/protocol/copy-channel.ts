/**
 * CopyData messages of a connection, taken from its socket instead of from the driver, which offers
 * no backpressure and hands out buffers that it overwrites later.
 *
 * A message of the protocol is a type byte and a 32-bit length that counts itself but not the type.
 * CopyData (`d`) is queued here, in whole messages; every other message goes to the driver's
 * listener, which knows what to do with errors, notices and the end.
 */
import type { FlinktsError, Scheduler } from '@flinkts/core/connector'
import type { Duplex } from 'node:stream'
import { DirectSocket } from './direct-socket.ts'
import { MessageQueue, messageEnd } from './message-queue.ts'

/** How a channel behaves. @internal */
export interface CopyChannelOptions {
  /** Undecoded bytes at which the socket is paused; one message may exceed it. */
  readonly bufferBytesMax: number
  /** A longer message ends the channel. */
  readonly messageBytesMax: number
  /** Given: what follows a read is gathered for a while. With TLS it would limit throughput. */
  readonly coalescing: Coalescing | undefined
  /** Sees the payload of every message when it arrives; it must not keep `bytes`. */
  readonly onArrival?: ((bytes: Buffer, start: number, end: number) => void) | undefined
  /** Called after every read from the socket: something arrived. */
  readonly onRead: () => void
  /** Makes the error for a message that is too long, once all before it are consumed. */
  readonly tooLong: (head: Buffer, length: number) => FlinktsError
}

/**
 * The server sends every change by itself. A reader that takes each as it comes makes the server
 * wake it each time, and that costs the server more than decoding: read every 20 ms, 2 MiB at a
 * time, it decodes 240,000 changes a second instead of 140,000, and the reader needs less too. A
 * lone message does not wait.
 *
 * @internal
 */
export interface Coalescing {
  readonly scheduler: Scheduler
  /** What one read takes at most: a read of so much has left something, and is not waited after. */
  readonly readBytesMax: number
}

type DataListener = (chunk: Buffer) => void

const copyData = 0x64
/** The type byte and the length. */
const headerBytes = 5
/**
 * Enough of a replication message to tell its table: both headers, the tag and the relation's id.
 */
const headBytesForError = headerBytes + 30
const coalesceMs = 20
/** How much is copied at once. */
const pieceBytesMax = 65_536

/** Runs on the thread of the socket. @internal */
export class CopyChannel {
  readonly #options: CopyChannelOptions
  readonly #queue = new MessageQueue()
  #socket: Duplex | undefined
  #driver: DataListener | undefined
  #pausedByQueue = false
  #pausedForMore = false
  #failure: (() => FlinktsError) | undefined
  /** The pieces of a message that is not whole yet. */
  #partial: Buffer[] = []
  #partialBytes = 0
  #neededBytes = 0

  constructor(options: CopyChannelOptions) {
    this.#options = options
  }

  /** Takes the place of the driver's listener until `detach`. */
  attach(socket: Duplex): void {
    const [driver, ...others] = socket.listeners('data')
    if (driver === undefined || others.length > 0) throw new TypeError('unexpected data listeners')
    this.#socket = socket
    this.#driver = driver as DataListener
    socket.removeListener('data', this.#driver)
    if (socket instanceof DirectSocket) socket.onBytes = this.#onData
    else socket.on('data', this.#onData)
  }

  /** Gives the socket back to the driver. Queued messages stay. Idempotent. */
  detach(): void {
    const socket = this.#socket
    if (socket === undefined || this.#driver === undefined) return
    this.#socket = undefined
    if (socket instanceof DirectSocket) socket.onBytes = undefined
    else socket.removeListener('data', this.#onData)
    socket.on('data', this.#driver)
    socket.resume()
  }

  /** Whether reading waits for the consumer. */
  get paused(): boolean {
    return this.#pausedByQueue
  }

  /** Whether `peek` would find a message. */
  get filled(): boolean {
    return this.#queue.byteCount > 0
  }

  /** What ended the channel, due when all messages before it are consumed. */
  get failure(): FlinktsError | undefined {
    return this.#failure?.()
  }

  get failed(): boolean {
    return this.#failure !== undefined
  }

  /** The payload at hand: valid from `peek` to `skip`. */
  get bytes(): Buffer {
    return this.#queue.bytes
  }

  /** Where the payload starts in `bytes`, inclusive. */
  get start(): number {
    return this.#queue.start
  }

  /** Where the payload ends in `bytes`, exclusive. */
  get end(): number {
    return this.#queue.end
  }

  /** Whether there is a message; if so, `bytes`, `start` and `end` are its payload. */
  peek(): boolean {
    return this.#queue.peek()
  }

  /** Consumes the message that `peek` showed. */
  skip(): void {
    this.#queue.skip()
    if (this.#pausedByQueue) this.#updatePause()
  }

  /** The chunk is valid during the call only. */
  readonly #onData = (chunk: Buffer): void => {
    if (this.#failure !== undefined) return
    const start = this.#completePartial(chunk)
    if (start < chunk.length && this.#socket !== undefined) this.#split(chunk, start)
    this.#updatePause()
    this.#gather(chunk.length)
    this.#options.onRead()
  }

  /**
   * Adds to the message that is not whole yet what it lacks, and no more: the rest of the chunk
   * need not be copied. Returns where the rest begins.
   */
  #completePartial(chunk: Buffer): number {
    let at = 0
    while (this.#partialBytes > 0 && at < chunk.length) {
      const end = Math.min(at + this.#neededBytes - this.#partialBytes, chunk.length)
      this.#partial.push(Buffer.from(chunk.subarray(at, end)))
      this.#partialBytes += end - at
      at = end
      if (this.#partialBytes < this.#neededBytes) break
      const bytes = Buffer.concat(this.#partial, this.#partialBytes)
      this.#partial = []
      this.#partialBytes = 0
      this.#split(bytes, 0)
      if (this.#socket === undefined) this.#leave(chunk, at)
    }
    return at
  }

  /** Queues the whole messages of `bytes` from `start` on, and keeps the rest for later. */
  #split(bytes: Buffer, start: number): void {
    let queued = start
    let at = start
    while (at + headerBytes <= bytes.length) {
      const end = messageEnd(bytes, at)
      if (end - at > this.#options.messageBytesMax && bytes[at] === copyData) {
        if (this.#refuse(bytes, at, end)) {
          this.#queue.push(bytes, queued, at)
          return
        }
        break
      }
      if (end > bytes.length) break
      if (end - queued > pieceBytesMax) {
        this.#queue.push(bytes, queued, at)
        queued = at
      }
      if (bytes[at] === copyData) this.#options.onArrival?.(bytes, at + headerBytes, end)
      else {
        this.#queue.push(bytes, queued, at)
        queued = end
        this.#passOn(bytes, at, end)
        if (this.#socket === undefined) return this.#leave(bytes, end)
      }
      at = end
    }
    this.#queue.push(bytes, queued, at)
    this.#keep(bytes, at)
  }

  #keep(bytes: Buffer, at: number): void {
    const rest = bytes.length - at
    if (rest === 0) return
    this.#partial = [Buffer.from(bytes.subarray(at))]
    this.#partialBytes = rest
    this.#neededBytes = headerBytes
    if (rest < headerBytes) return
    const length = messageEnd(bytes, at) - at
    const tooLong = length > this.#options.messageBytesMax
    this.#neededBytes = tooLong ? Math.min(headBytesForError, length) : length
  }

  /** Whether enough of a message that is too long has arrived to end the channel with its error. */
  #refuse(bytes: Buffer, at: number, end: number): boolean {
    const length = end - at
    if (bytes.length - at < Math.min(headBytesForError, length)) return false
    const head = Buffer.from(bytes.subarray(at, at + headBytesForError))
    this.#failure = () => this.#options.tooLong(head, length)
    return true
  }

  #passOn(bytes: Buffer, at: number, end: number): void {
    // A copy: the driver may keep it.
    this.#driver?.(Buffer.from(bytes.subarray(at, end)))
  }

  /** The driver has the socket again: the rest of a read is for it. */
  #leave(bytes: Buffer, at: number): void {
    if (at < bytes.length) this.#driver?.(Buffer.from(bytes.subarray(at)))
  }

  #updatePause(): void {
    const limit = this.#options.bufferBytesMax
    if (!this.#pausedByQueue && this.#queue.byteCount >= limit) {
      this.#pausedByQueue = true
      this.#socket?.pause()
    } else if (this.#pausedByQueue && this.#queue.byteCount <= limit / 2) {
      this.#pausedByQueue = false
      if (!this.#pausedForMore) this.#socket?.resume()
    }
  }

  #gather(readBytes: number): void {
    const { coalescing } = this.#options
    if (coalescing === undefined || readBytes >= coalescing.readBytesMax) return
    if (this.#pausedForMore || this.#pausedByQueue) return
    this.#pausedForMore = true
    this.#socket?.pause()
    coalescing.scheduler.after(coalesceMs, () => {
      this.#pausedForMore = false
      if (!this.#pausedByQueue) this.#socket?.resume()
    })
  }
}
