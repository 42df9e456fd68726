import type { Sink, SinkWriter, SubtaskContext } from '@flinkts/core/connector'
import type { KitRecord } from '../../src/records/kit-record.ts'
import type { FileTarget } from './file-target.ts'
import { charactersMax } from './honest-sink.ts'

/** Sinks without a commit: what is flushed is visible. */
export type PlainSink = Sink<KitRecord, never, 'at-least-once' | 'effectively-once', never>

/** How a plain sink stores what was flushed. */
export type Store = (
  records: readonly KitRecord[],
  at: { readonly context: SubtaskContext; readonly sequence: number },
) => Promise<void>

/** Every flush is a file: repeated records are there twice. */
export function appendSink(target: FileTarget, store: Store = appendTo(target)): PlainSink {
  return { ...plainSink(store), guarantee: 'at-least-once' }
}

/** A file a record, named after its id: repeated records change nothing. */
export function upsertSink(target: FileTarget, store: Store = upsertInto(target)): PlainSink {
  return { ...plainSink(store), guarantee: 'effectively-once' }
}

export function appendTo(target: FileTarget): Store {
  return (records, { context: { jobId, attempt, subtask }, sequence }) => {
    const name = [jobId, attempt, subtask, sequence].map((part) => String(part).padStart(8, '0'))
    return target.writeVisible(name.join('.'), records)
  }
}

export function upsertInto(target: FileTarget): Store {
  return async (records) => {
    for (const record of records) {
      if (record.operation === 'delete') await target.removeVisible(record.id)
      else await target.writeVisible(record.id, [record])
    }
  }
}

function plainSink(store: Store): Omit<PlainSink, 'guarantee'> {
  return {
    description: 'files of a test',
    mechanism: 'files',
    createWriter: (context) => Promise.resolve(new PlainWriter(store, context)),
  }
}

class PlainWriter implements SinkWriter<KitRecord, never> {
  readonly #store: Store
  readonly #context: SubtaskContext
  #buffer: KitRecord[] = []
  #characters = 0
  #sequence = 0
  /** What was asked for before. */
  #stored: Promise<void> = Promise.resolve()

  constructor(store: Store, context: SubtaskContext) {
    this.#store = store
    this.#context = context
  }

  write(record: KitRecord): void | Promise<void> {
    this.#buffer.push(record)
    this.#characters += record.payload.length
    return this.#characters < charactersMax ? undefined : this.flush()
  }

  flush(): Promise<void> {
    const records = this.#buffer
    this.#buffer = []
    this.#characters = 0
    if (records.length === 0) return this.#stored
    this.#sequence += 1
    const at = { context: this.#context, sequence: this.#sequence }
    this.#stored = this.#stored.then(() => this.#store(records, at))
    return this.#stored
  }

  async close(): Promise<void> {
    this.#buffer = []
    await this.#stored.catch(() => undefined)
  }
}
