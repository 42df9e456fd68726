/** Waits for what the story needs to know from the output. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Drill } from './drill.ts'
import { fieldsOf, type JsonObject } from './output-files.ts'
import { lastRowName } from './tables.ts'
import { type Watch, watchOutput } from './watch.ts'

export class LookOut {
  /** Resolves when the first change is seen that is no row of the snapshot. */
  readonly streaming: Promise<void>
  readonly #startStreaming: () => void
  readonly #watch: Watch
  #streams = false
  #lastRowSeen = false

  constructor(options: {
    readonly changes: string
    readonly revenue: string
    readonly drill: Drill
    readonly onFailure: (error: unknown) => void
  }) {
    const { changes, revenue, drill, onFailure } = options
    const streaming = Promise.withResolvers<void>()
    this.streaming = streaming.promise
    this.#startStreaming = () => {
      this.#streams = true
      streaming.resolve()
    }
    this.#watch = watchOutput({
      directories: [changes, revenue],
      intervalMs: 50,
      onFile: ({ records, publishedAt }) => {
        drill.outputSeen(publishedAt)
        for (const record of records) this.#see(record)
      },
      onFailure,
    })
  }

  /** Whether such a change has been seen. */
  get streams(): boolean {
    return this.#streams
  }

  /**
   * Resolves when the last row of all is in the files.
   *
   * @throws Error when the signal is aborted before
   */
  async lastRow(signal: AbortSignal): Promise<void> {
    while (!this.#lastRowSeen) {
      if (signal.aborted) throw new Error('the last change did not reach the files in time')
      await delay(20)
    }
  }

  /** Ends the watch, and says what was wrong with the files. */
  stop(): Promise<readonly string[]> {
    this.#startStreaming()
    return this.#watch.stop()
  }

  #see(record: JsonObject): void {
    if (fieldsOf(record['source'])['position'] !== undefined) this.#startStreaming()
    if (fieldsOf(record['after'])['name'] === lastRowName) this.#lastRowSeen = true
  }
}
