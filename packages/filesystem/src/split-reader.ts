import { FlinktsError } from '@flinkts/core/connector'
import type { RecordDecoder } from '@flinkts/formats'
import type { ObjectStore } from './object-store.ts'
import type { ResolvedFileSourceOptions } from './options.ts'
import type { FileSplit } from './split.ts'

/**
 * Reads one split: the bytes in the background, one chunk ahead; the records when asked. Runs on
 * the task's thread.
 *
 * @internal
 */
export class FileSplitReader<Out> {
  readonly #split: FileSplit
  readonly #store: ObjectStore
  readonly #decoder: RecordDecoder<Out>
  readonly #readBytes: number
  readonly #onReady: () => void
  /** Read and not yet decoded. */
  #chunk: Uint8Array | undefined
  /** Offset of the next byte to read. */
  #readAt: number
  #reading = false
  #version: string | undefined
  #failure: { readonly cause: unknown } | undefined
  #position: number

  /** @param onReady - called when `next` may have more, or would throw. */
  constructor(options: ResolvedFileSourceOptions<Out>, split: FileSplit, onReady: () => void) {
    const { store, format, readBytes } = options
    this.#split = split
    this.#store = store
    this.#decoder = format.createDecoder({ ...split, name: nameOf(store, split) })
    this.#readBytes = readBytes
    this.#onReady = onReady
    this.#readAt = this.#decoder.readFrom
    this.#position = split.position
    this.#read()
  }

  get splitId(): string {
    return this.#split.splitId
  }

  /** Everything of the split was given. */
  get finished(): boolean {
    return this.#decoder.finished
  }

  /** The split as of the last record given. */
  get split(): FileSplit {
    return { ...this.#split, position: this.#position }
  }

  /**
   * The next record; `undefined`: none for now, or finished.
   *
   * @throws FlinktsError FLINKTS_RECORD_UNDECODABLE, FLINKTS_FILE_CHANGED, FLINKTS_STORAGE_FAILED
   */
  next(): { readonly value: Out } | undefined {
    for (;;) {
      const record = this.#decoder.next()
      if (record !== undefined) {
        this.#position = record.end
        return record
      }
      if (this.#decoder.finished || !this.#pushChunk()) return undefined
    }
  }

  #pushChunk(): boolean {
    if (this.#failure !== undefined) throw this.#failure.cause
    if (this.#chunk === undefined) return false
    const atEnd = this.#readAt >= this.#split.fileSize
    this.#decoder.push(this.#chunk)
    if (atEnd) this.#decoder.pushEnd()
    this.#chunk = undefined
    if (!atEnd) this.#read()
    return true
  }

  #read(): void {
    if (this.#reading || this.#decoder.finished) return
    this.#reading = true
    this.#readChunk()
      .then(
        (chunk) => {
          this.#chunk = chunk
          this.#readAt += chunk.length
        },
        (cause: unknown) => {
          this.#failure = { cause }
        },
      )
      .finally(() => {
        this.#reading = false
        this.#onReady()
      })
  }

  async #readChunk(): Promise<Uint8Array> {
    const { path, fileSize } = this.#split
    this.#version ??= (await this.#store.stat(path))?.version
    if (this.#version === undefined) throw this.#changed('it was removed')
    const start = this.#readAt
    const end = Math.min(start + this.#readBytes, fileSize)
    const chunk = await this.#store.get(path, { start, end, version: this.#version })
    if (chunk === undefined) throw this.#changed('it was removed or replaced')
    if (chunk.length !== end - start) throw this.#changed('it became shorter')
    return chunk
  }

  #changed(how: string): FlinktsError {
    const file = `file "${nameOf(this.#store, this.#split)}"`
    return new FlinktsError('FLINKTS_FILE_CHANGED', `${file} changed while it was read: ${how}`, {
      hint:
        'Put back the file as it was when the job discovered it. Files must not change ' +
        'or go away before they are read; write new ones under new names.',
    })
  }
}

function nameOf(store: ObjectStore, split: FileSplit): string {
  return `${store.location.replace(/\/$/, '')}/${split.path}`
}
