import type { Cancellable } from '@flinkts/core/connector'
import type { PostgresClient } from '../client.ts'
import type { SourceContext } from '../runtime/source-context.ts'

/** A connection that no chunk wants for so long is closed. */
const idleMs = 5_000

/**
 * The connections with which a reader reads chunks, one after the other. Runs on the task's thread.
 *
 * @internal
 */
export class ConnectionCache {
  readonly #context: SourceContext
  readonly #idle = new Map<PostgresClient, Cancellable>()
  #closed = false

  constructor(context: SourceContext) {
    this.#context = context
  }

  /** An idle connection, or a new one; the caller closes it or gives it back. */
  async take(signal: AbortSignal): Promise<PostgresClient> {
    for (const [client, timer] of this.#idle) {
      timer.cancel()
      this.#idle.delete(client)
      return client
    }
    return this.#context.connect('snapshot', signal)
  }

  /** Takes back a connection whose COPY has ended; ends its transaction. */
  giveBack(client: PostgresClient): void {
    client.query('COMMIT').then(
      () => {
        if (this.#closed) return client.close()
        const timer = this.#context.scheduler.after(idleMs, () => void this.#discard(client))
        this.#idle.set(client, timer)
        return undefined
      },
      () => client.close(),
    )
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#idle.keys()].map((client) => this.#discard(client)))
  }

  async #discard(client: PostgresClient): Promise<void> {
    this.#idle.get(client)?.cancel()
    this.#idle.delete(client)
    await client.close()
  }
}
