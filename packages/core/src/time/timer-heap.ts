import { compareIdentities, type KeyIdentity } from '../state/key.ts'

/**
 * When which key has something to do. Entries are hints: whoever takes one looks into the state of
 * the key whether it is still so, and a key may be in it more than once. So nothing of it has to be
 * in a checkpoint, and deleting a timer does not search it.
 *
 * The earliest first; of one time, in the order of hash and key, so that a restored heap gives the
 * same order. A heap with four children a node, in parallel arrays, without an object an entry.
 * Runs on the task's thread.
 *
 * @internal
 */
export class TimerHeap {
  readonly #timestamps: number[] = []
  readonly #hashes: number[] = []
  readonly #keys: KeyIdentity[] = []

  get size(): number {
    return this.#timestamps.length
  }

  /** The earliest time; `Infinity`: there is none. */
  get next(): number {
    return this.#timestamps[0] ?? Infinity
  }

  /** The key of the earliest entry; only if there is one. */
  get nextKey(): KeyIdentity {
    return this.#keys[0] as KeyIdentity
  }

  /** The `keyHash` of `nextKey`. */
  get nextHash(): number {
    return this.#hashes[0] as number
  }

  add(timestamp: number, hash: number, key: KeyIdentity): void {
    let at = this.#timestamps.length
    while (at > 0) {
      const parent = (at - 1) >> 2
      if (!this.#isBefore(timestamp, hash, key, parent)) break
      this.#move(parent, at)
      at = parent
    }
    this.#put(at, timestamp, hash, key)
  }

  /** Removes the earliest entry, if there is one. */
  removeNext(): void {
    const timestamp = this.#timestamps.pop()
    const hash = this.#hashes.pop()
    const key = this.#keys.pop()
    if (timestamp === undefined || hash === undefined || key === undefined) return
    const size = this.#timestamps.length
    if (size === 0) return
    let at = 0
    for (;;) {
      const child = this.#firstChild(at, size)
      if (child === -1 || this.#isBefore(timestamp, hash, key, child)) break
      this.#move(child, at)
      at = child
    }
    this.#put(at, timestamp, hash, key)
  }

  clear(): void {
    this.#timestamps.length = 0
    this.#hashes.length = 0
    this.#keys.length = 0
  }

  /** The child that comes first; -1 if there is none below `size`. */
  #firstChild(parent: number, size: number): number {
    const first = 4 * parent + 1
    if (first >= size) return -1
    let best = first
    const end = Math.min(first + 4, size)
    for (let child = first + 1; child < end; child += 1) {
      const key = this.#keys[child] as KeyIdentity
      const hash = this.#hashes[child] as number
      if (this.#isBefore(this.#timestamps[child] as number, hash, key, best)) best = child
    }
    return best
  }

  #isBefore(timestamp: number, hash: number, key: KeyIdentity, other: number): boolean {
    const otherTimestamp = this.#timestamps[other] as number
    if (timestamp !== otherTimestamp) return timestamp < otherTimestamp
    const otherHash = this.#hashes[other] as number
    if (hash !== otherHash) return hash < otherHash
    return compareIdentities(key, this.#keys[other] as KeyIdentity) < 0
  }

  #move(from: number, to: number): void {
    this.#put(
      to,
      this.#timestamps[from] as number,
      this.#hashes[from] as number,
      this.#keys[from] as KeyIdentity,
    )
  }

  #put(at: number, timestamp: number, hash: number, key: KeyIdentity): void {
    this.#timestamps[at] = timestamp
    this.#hashes[at] = hash
    this.#keys[at] = key
  }
}
