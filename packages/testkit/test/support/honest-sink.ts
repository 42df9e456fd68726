import { FlinktsError } from '@flinkts/core/connector'
import type {
  CommitOutcome,
  Committer,
  ConnectorContext,
  Serializer,
  Sink,
  SinkWriter,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { KitRecord } from '../../src/records/kit-record.ts'
import type { FileTarget } from './file-target.ts'

/** A file that is complete and not yet visible. */
export interface PendingFile {
  readonly pending: string
  readonly visible: string
}

/**
 * The smallest sink that keeps every promise, in parts, so that a test can break one of them.
 * Two-phase: a pending file for every subtask and barrier, renamed by the commit.
 */
export class HonestSink implements Sink<KitRecord, PendingFile, 'exactly-once', never> {
  readonly description = 'files of a test'
  readonly guarantee = 'exactly-once'
  readonly mechanism = 'a rename after the checkpoint'
  readonly committableSerializer: Serializer<PendingFile> = jsonSerializer
  protected readonly target: FileTarget

  constructor(target: FileTarget) {
    this.target = target
  }

  async createWriter(context: SubtaskContext): Promise<SinkWriter<KitRecord, PendingFile>> {
    if (context.subtask === 0) await this.removeOrphans(context)
    return this.newWriter(context)
  }

  createCommitter(_context: ConnectorContext): Promise<Committer<PendingFile>> {
    return Promise.resolve({
      commit: (file) => this.commit(file),
      close: () => Promise.resolve(),
    })
  }

  newWriter(context: SubtaskContext): HonestWriter {
    return new HonestWriter(this.target, context)
  }

  async removeOrphans({ jobId, attempt }: SubtaskContext): Promise<void> {
    for (const name of await this.target.pending()) {
      const [owner, ofAttempt] = name.split('.')
      if (owner === jobId && Number(ofAttempt) < attempt) await this.target.removePending(name)
    }
  }

  async commit({ pending, visible }: PendingFile): Promise<CommitOutcome> {
    try {
      if (await this.target.publish(pending, visible)) return { status: 'committed' }
    } catch (cause) {
      if (cause instanceof FlinktsError && cause.retryable) return { status: 'retry', cause }
      throw cause
    }
    if (await this.target.isVisible(visible)) return { status: 'already-committed' }
    throw new FlinktsError('FLINKTS_COMMIT_REJECTED', `pending file "${pending}" is gone`)
  }
}

/** A writer writes, and asks to wait, when it holds so many. */
export const charactersMax = 4_000_000

export class HonestWriter implements SinkWriter<KitRecord, PendingFile> {
  protected readonly target: FileTarget
  protected readonly context: SubtaskContext
  protected buffer: KitRecord[] = []
  #characters = 0
  #written: { readonly name: string; readonly done: Promise<void> }[] = []
  #sequence = 0
  #preparing: Promise<unknown> = Promise.resolve()

  constructor(target: FileTarget, context: SubtaskContext) {
    this.target = target
    this.context = context
  }

  write(record: KitRecord): void | Promise<void> {
    this.buffer.push(record)
    this.#characters += record.payload.length
    if (this.#characters < charactersMax) return undefined
    this.cut()
    return this.#written.at(-1)?.done
  }

  async flush(_endOfInput: boolean): Promise<void> {
    this.cut()
    await Promise.all(this.#written.map(({ done }) => done))
  }

  async prepareCommit(checkpointId: number): Promise<readonly PendingFile[]> {
    this.cut()
    const files = this.#written
    this.#written = []
    const written = Promise.all(files.map(({ done }) => done))
    this.#preparing = Promise.allSettled([this.#preparing, written])
    await written
    return files.map(({ name }) => ({
      pending: name,
      visible: this.visibleName(checkpointId, name),
    }))
  }

  async close(): Promise<void> {
    this.buffer = []
    await this.#preparing
    for (const { name, done } of this.#written) {
      await done.catch(() => undefined)
      await this.target.removePending(name)
    }
  }

  /** Ends the file of this moment. */
  cut(): void {
    const records = this.buffer
    this.buffer = []
    this.#characters = 0
    if (records.length === 0) return
    this.#sequence += 1
    const name = this.pendingName(this.#sequence)
    this.#written.push({ name, done: this.store(name, records) })
  }

  store(name: string, records: readonly KitRecord[]): Promise<void> {
    const done = this.target.writePending(name, records)
    done.catch(() => undefined)
    return done
  }

  pendingName(sequence: number): string {
    const { jobId, attempt, subtask } = this.context
    return `${jobId}.${attempt}.${subtask}.${sequence}`
  }

  visibleName(checkpointId: number, pending: string): string {
    return `${String(checkpointId).padStart(6, '0')}.${pending}`
  }
}

export const jsonSerializer: Serializer<PendingFile> = {
  version: 1,
  serialize: ({ pending, visible }) =>
    new TextEncoder().encode(JSON.stringify({ pending, visible })),
  deserialize(version, bytes) {
    if (version === 1) return JSON.parse(new TextDecoder().decode(bytes)) as PendingFile
    throw new FlinktsError('FLINKTS_STATE_UNREADABLE', `version ${version} is unknown`)
  },
}
