import type { Socket } from 'node:net'

/** What a proxy does to one direction of all its connections, now. @internal */
export interface Gate {
  /** Nothing passes. */
  held: boolean
  /** The time from arrival to departure, in ms. */
  latencyMs: number
}

type Passenger =
  | { readonly type: 'bytes'; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly type: 'end' | 'reset'; readonly dueMs: number }

// Above it, the source is not read until the queue is shorter: its sender feels the backpressure.
const queuedBytesMax = 1 << 20

/** One direction of one connection: passes bytes, the end and a reset on, in order. @internal */
export class Pipe {
  readonly #source: Socket
  readonly #target: Socket
  readonly #gate: Gate
  readonly #queue: Passenger[] = []
  #queuedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #blocked = false
  #closed = false
  #limit: { bytesLeft: number; readonly onExceeded: () => void } | undefined

  constructor(source: Socket, target: Socket, gate: Gate) {
    this.#source = source
    this.#target = target
    this.#gate = gate
    source.on('data', (bytes: Buffer) => {
      this.#queuedBytes += bytes.length
      this.#add({ type: 'bytes', bytes, dueMs: this.#dueMs() })
      if (this.#queuedBytes > queuedBytesMax) source.pause()
    })
    source.on('end', () => this.#add({ type: 'end', dueMs: this.#dueMs() }))
    source.on('close', (failed) => {
      if (failed) this.#add({ type: 'reset', dueMs: this.#dueMs() })
    })
    target.on('drain', () => {
      this.#blocked = false
      this.flush()
    })
    source.resume()
  }

  /** Passes on what is due, after a change of the gate too. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (!this.#closed && !this.#gate.held && !this.#blocked) {
      const next = this.#queue[0]
      if (next === undefined) break
      const waitMs = this.#gate.latencyMs === 0 ? 0 : next.dueMs - performance.now()
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.flush(), waitMs)
        return
      }
      this.#queue.shift()
      this.#pass(next)
    }
  }

  /** Passes so many more bytes on, and tells when there is one more. */
  limit(byteCount: number, onExceeded: () => void): void {
    this.#limit = { bytesLeft: byteCount, onExceeded }
  }

  /** Passes nothing on from now on. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#queue.length = 0
  }

  #add(passenger: Passenger): void {
    if (this.#closed) return
    this.#queue.push(passenger)
    if (this.#timer === undefined) this.flush()
  }

  #pass(passenger: Passenger): void {
    if (this.#target.destroyed) return
    switch (passenger.type) {
      case 'bytes':
        this.#queuedBytes -= passenger.bytes.length
        this.#passBytes(passenger.bytes)
        if (this.#queuedBytes <= queuedBytesMax) this.#source.resume()
        return
      case 'end':
        this.#target.end()
        return
      case 'reset':
        this.#target.resetAndDestroy()
        return
      default:
        passenger satisfies never
    }
  }

  #passBytes(bytes: Buffer): void {
    const limit = this.#limit
    const passed = limit === undefined ? bytes : bytes.subarray(0, limit.bytesLeft)
    if (passed.length > 0) this.#blocked = !this.#target.write(passed)
    if (limit === undefined) return
    limit.bytesLeft -= passed.length
    if (passed.length < bytes.length) limit.onExceeded()
  }

  #dueMs(): number {
    return performance.now() + this.#gate.latencyMs
  }
}
