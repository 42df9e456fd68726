import { ByteWriter } from './byte-writer.ts'
import type { NumberColumns } from './number-columns.ts'
import {
  type BlockScope,
  type EntryBlock,
  type StateFileHeader,
  StateFileWriter,
} from './state-file.ts'

/**
 * The chunks of the state file of a snapshot: the one that is being filled, and those that are full
 * and wait to be taken. Runs on the task's thread.
 *
 * @internal
 */
export class SnapshotChunks {
  readonly #file = new StateFileWriter()
  readonly #bytesMax: number
  /** Oldest first. */
  #full: ByteWriter[] = []
  #open: ByteWriter

  /** `bytesMax` of entries are written in a step. */
  constructor(header: StateFileHeader, bytesMax: number) {
    this.#bytesMax = bytesMax
    this.#open = new ByteWriter(bytesMax + slackBytes)
    this.#file.header(this.#open, header)
  }

  /** Writes a block of entries. */
  entries(block: Omit<EntryBlock, 'form'>): void {
    this.#file.entries(this.#chunk(), block)
  }

  /** Writes a block of entries by column. @returns its length. */
  columns(scope: BlockScope, columns: NumberColumns): number {
    const chunk = this.#chunk()
    const before = chunk.length
    this.#file.columns(chunk, scope, columns)
    return chunk.length - before
  }

  /** Takes the oldest chunk that is full. */
  takeFull(): Uint8Array | undefined {
    return this.#full.shift()?.written()
  }

  /** Takes the oldest chunk, full or not. */
  take(): Uint8Array {
    if (this.#full.length === 0) this.#close()
    return (this.#full.shift() ?? this.#open).written()
  }

  /** Ends the file, and takes all chunks that are left. */
  *end(): Iterable<Uint8Array> {
    this.#file.end(this.#open)
    for (const chunk of this.#full) yield chunk.written()
    yield this.#open.written()
  }

  /** Lets go of all chunks. */
  clear(): void {
    this.#full = []
    this.#open = new ByteWriter()
  }

  /** The chunk for the next block. */
  #chunk(): ByteWriter {
    if (this.#open.length >= this.#bytesMax * columnSpeed) this.#close()
    return this.#open
  }

  /** The next chunk gets as much room, which spares it from growing. */
  #close(): void {
    const room = Math.max(this.#open.length, this.#bytesMax) + slackBytes
    this.#full.push(this.#open)
    this.#open = new ByteWriter(room)
  }
}

/** How much quicker columns are written than single entries, at least. @internal */
export const columnSpeed = 8

/** Room in a chunk for what comes around and beyond its limit, to spare it from growing. */
const slackBytes = 1024
