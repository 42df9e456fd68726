import type { SinkRecordContext, SinkWriter, SubtaskContext } from '@flinkts/core/connector'
import { StoragePool } from '@flinkts/formats'
import { checkBucket } from './bucket.ts'
import type { FileCommittable } from './committable.ts'
import type { ResolvedFileSinkOptions } from './options.ts'
import { PartFile } from './part-file.ts'
import type { FinishedPart } from './part-file.ts'
import { finalPath, uploadPath } from './part-name.ts'

/**
 * Writes records to one hidden file a bucket. At every barrier all files are ended; what the
 * checkpoint gets is their list. A file that is open belongs to no checkpoint, so nothing is
 * restored.
 *
 * @internal
 */
export class FileWriter<In> implements SinkWriter<In, FileCommittable> {
  readonly #options: ResolvedFileSinkOptions<In>
  readonly #context: SubtaskContext
  /** Used by all files in turn. */
  readonly #pool: StoragePool
  /** Files that take records, by bucket; the oldest first. */
  readonly #open = new Map<string, PartFile<In>>()
  /** Files that were ended and go out with the next checkpoint. */
  #ended: PartFile<In>[] = []
  /** The number of files begun. */
  #sequence = 0
  #inFlightBytes = 0
  #inFlightWaiter: PromiseWithResolvers<void> | undefined
  /** Settles when nothing is being prepared any more. */
  #preparing: Promise<unknown> = Promise.resolve()
  /** Settles when what failed to be prepared is removed. */
  #discarded: Promise<unknown> = Promise.resolve()
  #failure: { readonly cause: unknown } | undefined
  readonly #bucketContext: { timestamp: number | undefined; processingTime: number } = {
    timestamp: undefined,
    processingTime: 0,
  }

  constructor(options: ResolvedFileSinkOptions<In>, context: SubtaskContext) {
    this.#options = options
    this.#context = context
    this.#pool = new StoragePool(options.inFlightBytesMax)
  }

  write(value: In, context: SinkRecordContext): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.cause
    const bucket = this.#bucketOf(value, context)
    const file = this.#open.get(bucket) ?? this.#begin(bucket)
    file.write(value)
    if (file.size >= this.#options.rollBytes) this.#end(file)
    else if (file.bufferedBytes >= this.#options.bufferBytes) file.send()
    if (this.#inFlightBytes > this.#options.inFlightBytesMax) return this.#inFlightBelowLimit()
    return undefined
  }

  async flush(): Promise<void> {
    this.#endAll()
    await Promise.all(this.#ended.map((file) => file.finish()))
  }

  prepareCommit(checkpointId: number): Promise<readonly FileCommittable[]> {
    this.#endAll()
    const files = this.#ended
    this.#ended = []
    const prepared = this.#committables(files, checkpointId)
    this.#preparing = Promise.allSettled([this.#preparing, prepared])
    return prepared
  }

  async close(): Promise<void> {
    const files = [...this.#open.values(), ...this.#ended]
    this.#open.clear()
    this.#ended = []
    // A later attempt removes what this one has left: nothing may come after that.
    await this.#preparing
    await Promise.all([this.#discarded, ...files.map((file) => file.abort())])
  }

  async #committables(
    files: readonly PartFile<In>[],
    checkpointId: number,
  ): Promise<readonly FileCommittable[]> {
    try {
      const finished = await Promise.all(files.map((file) => file.finish()))
      return finished.map((part, index) => this.#committable(part, { checkpointId, index }))
    } catch (cause) {
      // They belong to no checkpoint, and nobody else knows them any more.
      this.#discarded = Promise.all([this.#discarded, ...files.map((file) => file.abort())])
      throw cause
    }
  }

  #committable(
    { bucket, prepared, records }: FinishedPart,
    at: { readonly checkpointId: number; readonly index: number },
  ): FileCommittable {
    const { filePrefix, format } = this.#options
    const name = { bucket, filePrefix, extension: format.fileExtension, ...at }
    const path = prepared.path ?? finalPath(this.#context, name)
    return { path, token: prepared.token, size: prepared.size, records }
  }

  #bucketOf(value: In, context: SinkRecordContext): string {
    const { bucket } = this.#options
    if (bucket === undefined) return ''
    this.#bucketContext.timestamp = context.timestamp
    this.#bucketContext.processingTime = this.#context.clock.now()
    return bucket(value, this.#bucketContext)
  }

  #begin(bucket: string): PartFile<In> {
    checkBucket(bucket)
    if (this.#open.size >= this.#options.openFilesMax) this.#endOldest()
    const file = new PartFile<In>({
      store: this.#options.store,
      bucket,
      uploadPath: uploadPath(this.#context, bucket, this.#sequence),
      encoder: this.#options.format.createEncoder(),
      pool: this.#pool,
      onInFlight: (byteCount) => this.#countInFlight(byteCount),
      onFailure: (cause) => this.#fail(cause),
    })
    this.#sequence += 1
    this.#open.set(bucket, file)
    return file
  }

  #end(file: PartFile<In>): void {
    this.#open.delete(file.bucket)
    // Its first record could not be encoded: nothing was written.
    if (file.size === 0) return
    this.#ended.push(file)
    // A failure is kept, and thrown by the next write or by the checkpoint.
    file.finish().catch(() => undefined)
  }

  #endOldest(): void {
    const [oldest] = this.#open.values()
    if (oldest !== undefined) this.#end(oldest)
  }

  #endAll(): void {
    for (const file of this.#open.values()) this.#end(file)
  }

  #countInFlight(byteCount: number): void {
    this.#inFlightBytes += byteCount
    if (this.#inFlightBytes <= this.#options.inFlightBytesMax / 2) {
      this.#inFlightWaiter?.resolve()
      this.#inFlightWaiter = undefined
    }
  }

  #inFlightBelowLimit(): Promise<void> {
    this.#inFlightWaiter ??= Promise.withResolvers()
    return this.#inFlightWaiter.promise
  }

  #fail(cause: unknown): void {
    this.#failure ??= { cause }
    this.#inFlightWaiter?.reject(this.#failure.cause)
    this.#inFlightWaiter = undefined
  }
}
