import type { Clock } from '@flinkts/core/connector'
import { isValueError } from '../connection/errors.ts'
import type { Row } from '../records/change.ts'
import { Backoff } from '../runtime/backoff.ts'
import type { BackoffContext } from '../runtime/backoff.ts'
import type { KeyValues } from './lookup-query.ts'

/** Asks for many keys in one query; one at a time. The seam for tests. @internal */
export interface KeyFinder {
  /**
   * The rows of each key, in the order of `keys`.
   *
   * @throws FlinktsError that says whether trying again may help
   */
  find(keys: readonly KeyValues[]): Promise<readonly (readonly Row[])[]>
  /** Ends the query that runs. */
  close(): Promise<void>
}

/** @internal */
export interface KeyLoaderParts {
  /** In the order in which they are used. */
  readonly connections: readonly KeyFinder[]
  readonly batchKeysMax: number
  readonly backoff: BackoffContext
  readonly clock: Clock
  /** Gets what was found, before those who wait for it, and when it was asked for. */
  readonly onFound: (request: KeyRequest, rows: readonly Row[], askedMs: number) => void
}

/** A key that is asked for. @internal */
export interface KeyRequest {
  /** Equal for equal keys. */
  readonly name: string
  readonly key: KeyValues
}

interface Pending extends KeyRequest, PromiseWithResolvers<readonly Row[]> {
  /** How many records wait for it. */
  waiting: number
}

/**
 * Asks for keys in batches: all that came since the last query began, as soon as a connection is
 * free. What is asked for in one turn of the task goes out together; nothing is held back for more.
 *
 * A key that several records ask for before it is sent is sent once. One that was sent is sent
 * again for a later record: what the answer shows may be older than that record. A key that no
 * record waits for any more is not sent, so at most as many wait as the operator has records.
 *
 * Runs on the task's thread.
 *
 * @internal
 */
export class KeyLoader {
  readonly #parts: KeyLoaderParts
  /** In the order in which they were asked for. */
  readonly #unsent = new Map<string, Pending>()
  /** The next one to use last: no further one is used, and opened, without need. */
  readonly #idle: KeyFinder[]
  readonly #runs = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #sendingSoon = false

  constructor(parts: KeyLoaderParts) {
    this.#parts = parts
    this.#idle = parts.connections.toReversed()
  }

  /** Keys that were not sent yet. */
  get unsent(): number {
    return this.#unsent.size
  }

  /**
   * The rows of a key. Rejects as `KeyFinder.find`, after as many attempts as are allowed.
   *
   * @param signal - Aborted when the record no longer waits.
   */
  load({ name, key }: KeyRequest, signal: AbortSignal): Promise<readonly Row[]> {
    let pending = this.#unsent.get(name)
    if (pending === undefined) {
      pending = { name, key, waiting: 0, ...Promise.withResolvers<readonly Row[]>() }
      this.#unsent.set(name, pending)
      this.#sendSoon()
    }
    const asked = pending
    asked.waiting += 1
    signal.addEventListener('abort', () => this.#leave(asked, signal.reason), { once: true })
    return asked.promise
  }

  /** Ends all queries, and rejects whoever waits. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the lookup was closed'))
    for (const pending of this.#unsent.values()) pending.reject(this.#closing.signal.reason)
    this.#unsent.clear()
    await Promise.all(this.#parts.connections.map((connection) => connection.close()))
    await Promise.all(this.#runs)
  }

  #leave(pending: Pending, reason: unknown): void {
    pending.waiting -= 1
    if (pending.waiting > 0 || this.#unsent.get(pending.name) !== pending) return
    this.#unsent.delete(pending.name)
    pending.reject(reason)
  }

  #sendSoon(): void {
    if (this.#sendingSoon) return
    this.#sendingSoon = true
    queueMicrotask(() => {
      this.#sendingSoon = false
      this.#send()
    })
  }

  #send(): void {
    while (this.#unsent.size > 0 && !this.#closing.signal.aborted) {
      const connection = this.#idle.pop()
      if (connection === undefined) return
      const run = this.#run(connection, this.#nextBatch()).finally(() => {
        this.#runs.delete(run)
        this.#idle.push(connection)
        this.#send()
      })
      this.#runs.add(run)
    }
  }

  #nextBatch(): readonly Pending[] {
    const batch: Pending[] = []
    for (const pending of this.#unsent.values()) {
      if (batch.length === this.#parts.batchKeysMax) break
      batch.push(pending)
    }
    for (const { name } of batch) this.#unsent.delete(name)
    return batch
  }

  /** Never rejects: each key has an outcome of its own. */
  async #run(connection: KeyFinder, batch: readonly Pending[]): Promise<void> {
    const backoff = new Backoff(this.#parts.backoff)
    for (;;) {
      try {
        await this.#find(connection, batch)
        return
      } catch (failure) {
        try {
          await backoff.pause('a lookup', failure, this.#closing.signal)
        } catch (final) {
          for (const pending of batch) pending.reject(final)
          return
        }
      }
    }
  }

  /** A key that the server cannot read fails by itself, and not the others of its batch. */
  async #find(connection: KeyFinder, batch: readonly Pending[]): Promise<void> {
    const askedMs = this.#parts.clock.monotonic()
    try {
      const found = await connection.find(batch.map(({ key }) => key))
      for (const [index, pending] of batch.entries()) {
        const rows = found[index] ?? []
        this.#parts.onFound(pending, rows, askedMs)
        pending.resolve(rows)
      }
    } catch (failure) {
      if (!isValueError(failure)) throw failure
      if (batch.length === 1) {
        batch[0]?.reject(failure)
        return
      }
      const middle = Math.ceil(batch.length / 2)
      await this.#find(connection, batch.slice(0, middle))
      await this.#find(connection, batch.slice(middle))
    }
  }
}
