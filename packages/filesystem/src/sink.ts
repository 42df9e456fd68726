import { FlinktsError } from '@flinkts/core/connector'
import type {
  ConnectorContext,
  Finding,
  Sink,
  SinkProver,
  SubtaskContext,
} from '@flinkts/core/connector'
import { committableSerializer } from './committable.ts'
import type { FileCommittable } from './committable.ts'
import { FileCommitter } from './committer.ts'
import type { ObjectStore } from './object-store.ts'
import { resolveFileSinkOptions } from './options.ts'
import type { FileSinkOptions, ResolvedFileSinkOptions } from './options.ts'
import { reportsOn } from './conformance.ts'
import { isOfEarlierAttempt, uploadNamePrefix } from './part-name.ts'
import { FileSinkProver, isProvable } from './sink-prover.ts'
import { FileWriter } from './writer.ts'

/**
 * Writes records to files, exactly once: a file is hidden while it is written, complete and durable
 * before the checkpoint, and visible after it, by an atomic rename. Every checkpoint ends every
 * file; one without records makes none.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function fileSink<In>(
  options: FileSinkOptions<In>,
): Sink<In, FileCommittable, 'exactly-once', never> {
  return new FileSink(resolveFileSinkOptions(options))
}

class FileSink<In> implements Sink<In, FileCommittable, 'exactly-once', never> {
  readonly description: string
  readonly guarantee = 'exactly-once'
  readonly mechanism = 'files are published by a rename after the checkpoint'
  readonly conformance: readonly string[]
  readonly committableSerializer = committableSerializer
  readonly prover?: () => Promise<SinkProver<In>>
  readonly #options: ResolvedFileSinkOptions<In>

  constructor(options: ResolvedFileSinkOptions<In>) {
    this.#options = options
    this.description = `${options.format.name} files in ${options.store.location}`
    this.conformance = reportsOn(options.store, 'sink')
    if (isProvable(options)) {
      this.prover = () =>
        Promise.resolve(new FileSinkProver((store) => new FileSink({ ...options, store })))
    }
  }

  async preflight(): Promise<readonly Finding[]> {
    return this.#options.store.check('write')
  }

  async createWriter(context: SubtaskContext): Promise<FileWriter<In>> {
    const { store } = this.#options
    await assertWritable(store)
    if (context.subtask === 0) await removeOrphans(store, context)
    return new FileWriter(this.#options, context)
  }

  async createCommitter(_context: ConnectorContext): Promise<FileCommitter> {
    return new FileCommitter(this.#options.store)
  }
}

async function assertWritable(store: ObjectStore): Promise<void> {
  const findings = await store.check('write')
  const error = findings.find((finding) => finding.severity === 'error')
  if (error === undefined) return
  throw new FlinktsError('FLINKTS_STORAGE_UNWRITABLE', error.message, { hint: error.hint })
}

/**
 * What the restored checkpoint held is published by now: the rest of earlier attempts is garbage.
 */
async function removeOrphans(store: ObjectStore, context: SubtaskContext): Promise<void> {
  let removedCount = 0
  for await (const upload of store.listUploads(uploadNamePrefix(context))) {
    if (!isOfEarlierAttempt(context, upload.name)) continue
    await store.abortUpload(upload)
    removedCount += 1
  }
  if (removedCount > 0) {
    context.logger.info('unpublished files of earlier attempts were removed', { removedCount })
  }
}
