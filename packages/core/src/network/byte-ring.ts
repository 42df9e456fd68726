import { assert } from '../common/assert.ts'

/**
 * A ring of bytes in shared memory, with one writing and one reading thread. Layout: four 32-bit
 * words, then the bytes.
 *
 *   0 bytes written so far · 1 bytes read so far, both modulo 2^32
 *   2 the reader found nothing and waits · 3 the writer found no room and waits
 *
 * The writer publishes word 0 after the bytes, the reader word 1 after its copy; whoever waits says
 * so first and looks again afterwards. All four are sequentially consistent, so of two sides that
 * cross each other at least one sees the other's word (Lamport's single-producer queue).
 *
 * @internal
 */
export class ByteRing {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #mask: number

  /** `buffer`: made by `byteRingBuffer`; both threads have one over the same. */
  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, wordCount)
    this.#bytes = new Uint8Array(buffer, headerBytes)
    const capacity = this.#bytes.length
    assert((capacity & (capacity - 1)) === 0, 'the capacity of a ring is a power of two')
    this.#mask = capacity - 1
  }

  get capacity(): number {
    return this.#bytes.length
  }

  /** The number of bytes that can be read. */
  get readable(): number {
    return (this.#load(words.written) - this.#load(words.read)) | 0
  }

  /** Reader: copies up to `count` bytes into `target` at `at`. @returns how many. */
  read(target: Uint8Array, at: number, count: number): number {
    const length = Math.min(count, this.readable)
    const read = this.#load(words.read)
    const start = read & this.#mask
    const first = Math.min(length, this.capacity - start)
    target.set(this.#bytes.subarray(start, start + first), at)
    if (first < length) target.set(this.#bytes.subarray(0, length - first), at + first)
    Atomics.store(this.#words, words.read, (read + length) | 0)
    return length
  }

  /** Writer: copies what fits of the beginning of `source`. @returns the number of bytes. */
  write(source: Uint8Array): number {
    const length = Math.min(source.length, this.capacity - this.readable)
    const written = this.#load(words.written)
    const start = written & this.#mask
    const first = Math.min(length, this.capacity - start)
    this.#bytes.set(source.subarray(0, first), start)
    if (first < length) this.#bytes.set(source.subarray(first, length), 0)
    Atomics.store(this.#words, words.written, (written + length) | 0)
    return length
  }

  /** Reader: asks to be woken by the next write. @returns whether there are bytes already. */
  awaitBytes(): boolean {
    Atomics.store(this.#words, words.readerWaits, 1)
    return this.readable > 0
  }

  /** Writer: whether the reader waits and must be woken; it is asked once. */
  takeWaitingReader(): boolean {
    return Atomics.exchange(this.#words, words.readerWaits, 0) === 1
  }

  /** Writer: asks to be woken when half of the ring is free. @returns whether it is already. */
  awaitRoom(): boolean {
    Atomics.store(this.#words, words.writerWaits, 1)
    return this.#roomy
  }

  /** Reader: whether the writer waits for room that is there now; it is asked once. */
  takeWaitingWriter(): boolean {
    return this.#roomy && Atomics.exchange(this.#words, words.writerWaits, 0) === 1
  }

  get #roomy(): boolean {
    return this.readable <= this.capacity / 2
  }

  #load(word: number): number {
    return Atomics.load(this.#words, word)
  }
}

/** Shared memory for an empty ring of `capacity` bytes: a power of two, 2 to 2^30. @internal */
export function byteRingBuffer(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(headerBytes + capacity)
}

const words = { written: 0, read: 1, readerWaits: 2, writerWaits: 3 } as const
const wordCount = 4
const headerBytes = wordCount * Int32Array.BYTES_PER_ELEMENT
