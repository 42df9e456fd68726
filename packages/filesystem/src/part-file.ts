import { defined } from '@flinkts/core/connector'
import { ByteBuffer } from '@flinkts/formats'
import type { RecordEncoder, StoragePool } from '@flinkts/formats'
import type { ObjectStore, PreparedUpload, Upload } from './object-store.ts'

// What a file that is being synced counts, so that the number of such files is limited too.
const FINISHING_BYTES = 64 * 1024

/** What a part file is made with. @internal */
export interface PartFileParts<In> {
  readonly store: ObjectStore
  readonly bucket: string
  /** Unique for ever; where the store keeps the upload. */
  readonly uploadPath: string
  readonly encoder: RecordEncoder<In>
  readonly pool: StoragePool
  /**
   * Told how many bytes wait to be written: positive when they begin to, negative when they are.
   */
  readonly onInFlight: (byteCount: number) => void
  /** Told, once, what made it unusable. */
  readonly onFailure: (cause: unknown) => void
}

/** A finished part file, durable and invisible. @internal */
export interface FinishedPart {
  readonly bucket: string
  readonly prepared: PreparedUpload
  readonly records: number
}

/**
 * One file that is being written. Records are encoded at once; their bytes are written in the
 * background, in order, from the first `send` on. Runs on the task's thread.
 *
 * @internal
 */
export class PartFile<In> {
  readonly bucket: string
  readonly #parts: PartFileParts<In>
  readonly #buffer: ByteBuffer
  #sentBytes = 0
  #records = 0
  #upload: Promise<Upload> | undefined
  /** Settles with the last operation asked for; rejects if one failed. */
  #written: Promise<Upload> | undefined
  #finished: Promise<FinishedPart> | undefined

  constructor(parts: PartFileParts<In>) {
    this.bucket = parts.bucket
    this.#parts = parts
    this.#buffer = new ByteBuffer(parts.pool)
  }

  /** The bytes so far, written or not. */
  get size(): number {
    return this.#sentBytes + this.#buffer.length
  }

  get bufferedBytes(): number {
    return this.#buffer.length
  }

  write(record: In): void {
    this.#parts.encoder.encode(record, this.#buffer)
    this.#records += 1
  }

  /** Begins to write what is buffered. */
  send(): void {
    if (this.#buffer.length === 0) return
    const { store, uploadPath, onInFlight, onFailure } = this.#parts
    const bytes = this.#buffer.take()
    this.#sentBytes += bytes.length
    onInFlight(bytes.length)
    this.#upload ??= store.createUpload(uploadPath)
    this.#written = (this.#written ?? this.#upload).then(async (upload) => {
      await upload.append(bytes)
      onInFlight(-bytes.length)
      this.#buffer.recycle(bytes)
      return upload
    })
    this.#written.catch(onFailure)
  }

  /** Ends the file; resolves when it is durable. Called again, it gives the same promise. */
  finish(): Promise<FinishedPart> {
    this.#finished ??= this.#finish()
    return this.#finished
  }

  /** Discards the file, also when it failed before. */
  async abort(): Promise<void> {
    await this.#finished?.catch(() => undefined)
    await this.#written?.catch(() => undefined)
    const upload = await this.#upload?.catch(() => undefined)
    await upload?.abort()
  }

  #finish(): Promise<FinishedPart> {
    this.#parts.encoder.finish(this.#buffer)
    this.send()
    const { onInFlight, onFailure } = this.#parts
    const written = defined(this.#written, 'a file that is finished has bytes')
    onInFlight(FINISHING_BYTES)
    const finished = written.then(async (opened) => {
      const prepared = await opened.prepare()
      onInFlight(-FINISHING_BYTES)
      return { bucket: this.bucket, prepared, records: this.#records }
    })
    finished.catch(onFailure)
    return finished
  }
}
