import { FlinktsError } from '@flinkts/core/connector'
import type { Cancellable, Clock, Scheduler } from '@flinkts/core/connector'
import type { Lsn } from '../records/lsn.ts'
import { noLsn } from '../records/lsn.ts'
import type { PollStatus, ReplicationHandler, ReplicationStream } from './replication-stream.ts'
import { Availability } from './availability.ts'
import { CopyChannel, type Coalescing } from './copy-channel.ts'
import type { Payload } from './message-reader.ts'
import type { DecodeOutcome, PgoutputDecoder } from './pgoutput.ts'
import { standbyStatus } from './standby-status.ts'

/** What a stream works with. @internal */
export interface SlotStreamOptions {
  readonly slot: string
  readonly decoder: PgoutputDecoder
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly coalescing: Coalescing | undefined
  readonly loadTypes: (typeOids: readonly number[]) => Promise<void>
  readonly statusIntervalMs: number
  readonly receiveTimeoutMs: number
  readonly messageBytesMax: number
  readonly bufferBytesMax: number
  /** Writes to the connection; never throws. */
  readonly send: (bytes: Buffer) => void
  /** Ends the connection. */
  readonly disconnect: () => Promise<void>
}

const xLogData = 0x77
const keepalive = 0x6b
/** Behind the tag: where the data starts, where the WAL ends, the server's clock. */
const xLogDataHeaderBytes = 25
/** Behind the tag and two 64-bit fields. */
const replyRequestedOffset = 17
const keepaliveBytes = 18

/**
 * A slot's stream over a connection in CopyBoth mode:
 *
 *     w XLogData   data LSN 8, WAL end 8, clock 8, a message of pgoutput
 *     k keepalive  WAL end 8, clock 8, reply requested 1
 *
 * @internal
 */
export class SlotStream implements ReplicationStream {
  /** What receives the messages; its owner attaches it to the socket. */
  readonly channel: CopyChannel
  readonly #options: SlotStreamOptions
  readonly #availability = new Availability()
  /** The message of pgoutput at hand. */
  readonly #message: Mutable<Payload> = { bytes: Buffer.alloc(0), start: 0, end: 0 }
  #acknowledged: Lsn = noLsn
  #acknowledgementDue = false
  #timer: Cancellable | undefined
  #receivedAtMs: number
  #wakeDue = false
  #loadingTypes = false
  /** What ended the connection; due when all that arrived before is handed out. */
  #failure: FlinktsError | undefined
  /** What `poll` threw, and throws for ever. */
  #thrown: { readonly error: unknown } | undefined
  #closing: Promise<void> | undefined

  constructor(options: SlotStreamOptions) {
    this.#options = options
    this.#receivedAtMs = options.clock.monotonic()
    this.channel = new CopyChannel({
      bufferBytesMax: options.bufferBytesMax,
      messageBytesMax: options.messageBytesMax,
      coalescing: options.coalescing,
      onArrival: (bytes, start) => this.#arrived(bytes, start),
      onRead: () => this.#read(),
      tooLong: (head, length) => this.#tooLong(head, length),
    })
  }

  /** Begins to send the status; once, when the server streams. */
  start(): void {
    this.#receivedAtMs = this.#options.clock.monotonic()
    this.#sendStatus(false)
    this.#schedule()
  }

  poll(handler: ReplicationHandler): PollStatus {
    if (this.#thrown !== undefined) throw this.#thrown.error
    try {
      return this.#poll(handler)
    } catch (error) {
      this.#thrown = { error }
      this.#timer?.cancel()
      throw error
    }
  }

  available(): Promise<void> {
    return this.#due() ? Promise.resolve() : this.#availability.wait()
  }

  acknowledge(endLsn: Lsn): void {
    if (endLsn <= this.#acknowledged) return
    this.#acknowledged = endLsn
    if (this.#acknowledgementDue) return
    this.#acknowledgementDue = true
    this.#options.scheduler.soon(() => {
      if (this.#acknowledgementDue) this.#sendStatus(false)
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** The connection broke, or the server ended the stream; the first failure counts. */
  fail(failure: FlinktsError): void {
    if (this.#failure !== undefined) return
    this.#failure = failure
    this.#timer?.cancel()
    this.#availability.wake()
  }

  #poll(handler: ReplicationHandler): PollStatus {
    const { channel } = this
    while (!this.#loadingTypes && channel.peek()) {
      const outcome = this.#handOut(handler)
      if (outcome === 'types-missing') {
        this.#loadTypes()
        break
      }
      channel.skip()
      if (outcome === 'stop') return this.#due() ? 'more-available' : 'nothing-available'
    }
    if (this.#loadingTypes) return 'nothing-available'
    const failure = this.#failure ?? channel.failure
    if (failure !== undefined) throw failure
    return 'nothing-available'
  }

  #handOut(handler: ReplicationHandler): DecodeOutcome {
    const { bytes, start, end } = this.channel
    const { decoder } = this.#options
    const tag = bytes[start]
    if (tag === xLogData && end - start > xLogDataHeaderBytes) {
      const message = this.#message
      message.bytes = bytes
      message.start = start + xLogDataHeaderBytes
      message.end = end
      return decoder.decode(message, handler)
    }
    if (tag !== keepalive || end - start < keepaliveBytes) {
      throw violation(`a message of the stream has the tag ${tag} and ${end - start} bytes`)
    }
    // In a transaction a keepalive's position says nothing about what comes next.
    if (!decoder.inTransaction) handler.progress(bytes.readBigUInt64BE(start + 1))
    return 'continue'
  }

  /** A relation needs types that nobody has looked up: the stream waits at it. */
  #loadTypes(): void {
    const { decoder, loadTypes } = this.#options
    this.#loadingTypes = true
    loadTypes(decoder.missingTypes)
      .catch((error: unknown) => {
        this.#thrown = { error }
      })
      .finally(() => {
        this.#loadingTypes = false
        this.#availability.wake()
      })
  }

  #arrived(bytes: Buffer, start: number): void {
    if (bytes[start] !== keepalive) return
    if (bytes[start + replyRequestedOffset] === 1) this.#sendStatus(false)
  }

  #read(): void {
    const { clock, scheduler } = this.#options
    this.#receivedAtMs = clock.monotonic()
    if (this.#wakeDue) return
    this.#wakeDue = true
    // With TLS every row is a read by itself: those of one turn are worth one poll.
    scheduler.soon(() => {
      this.#wakeDue = false
      if (this.#due()) this.#availability.wake()
    })
  }

  /** Whether `poll` has something to do. */
  #due(): boolean {
    if (this.#thrown !== undefined) return true
    if (this.#loadingTypes) return false
    return this.channel.filled || this.channel.failed || this.#failure !== undefined
  }

  #sendStatus(replyRequested: boolean): void {
    this.#acknowledgementDue = false
    if (this.#failure !== undefined || this.#closing !== undefined) return
    const { send, clock } = this.#options
    send(standbyStatus(this.#acknowledged, clock.now(), replyRequested))
  }

  #schedule(): void {
    const { scheduler, statusIntervalMs } = this.#options
    this.#timer = scheduler.after(statusIntervalMs, () => {
      // The server speaks by itself only when it has heard nothing from us for long: ask.
      this.#sendStatus(true)
      this.#watch()
      this.#schedule()
    })
  }

  /** Notices a server that sends nothing, not even answers. */
  #watch(): void {
    const { clock, scheduler } = this.#options
    // While the socket is paused we hear nothing because we do not listen.
    if (this.channel.paused) this.#receivedAtMs = clock.monotonic()
    if (!this.#silent()) return
    // If this thread was busy for long, the answer may lie unread: I/O has its turn first.
    scheduler.soon(() => {
      scheduler.soon(() => {
        if (this.#silent()) this.fail(this.#silence())
      })
    })
  }

  #silent(): boolean {
    const { clock, receiveTimeoutMs } = this.#options
    return clock.monotonic() - this.#receivedAtMs > receiveTimeoutMs
  }

  #silence(): FlinktsError {
    const { slot, receiveTimeoutMs } = this.#options
    const message = `the server sent nothing for ${receiveTimeoutMs} ms on the slot "${slot}"`
    return new FlinktsError('FLINKTS_POSTGRES_STREAM_SILENT', message, {
      hint:
        'Check the server and the network, or raise receiveTimeoutMs if such pauses are ' +
        'normal.',
    })
  }

  #tooLong(head: Buffer, length: number): FlinktsError {
    const { decoder, messageBytesMax } = this.#options
    const table = tableOfHead(head, decoder)
    const row = table === undefined ? 'a row' : `a row of the table "${table}"`
    const message = `${row} takes ${length} bytes in the stream, the limit is ${messageBytesMax}`
    return new FlinktsError('FLINKTS_POSTGRES_MESSAGE_TOO_LARGE', message, {
      hint: 'Raise messageBytesMax; a row of that size is held in memory as a whole.',
    })
  }

  async #close(): Promise<void> {
    this.#timer?.cancel()
    const { send, clock, disconnect } = this.#options
    if (this.#acknowledgementDue) send(standbyStatus(this.#acknowledged, clock.now(), false))
    this.fail(
      new FlinktsError('FLINKTS_POSTGRES_CONNECTION_FAILED', 'the replication stream was closed'),
    )
    await disconnect()
  }
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] }

/** Behind both headers and the tag of pgoutput. */
const relationOidOffset = 31

/** The table of an insert, update or delete, from the first bytes of its CopyData message. */
function tableOfHead(head: Buffer, decoder: PgoutputDecoder): string | undefined {
  if (head.length < relationOidOffset + 4) return undefined
  return decoder.tableOf(head.readUInt32BE(relationOidOffset))
}

function violation(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_POSTGRES_PROTOCOL_VIOLATED', message)
}
