import { defined } from '../../common/assert.ts'
import type { Serializer } from '../../common/serializer.ts'
import type { Committer } from '../../connector/committer.ts'
import type { SinkWriter } from '../../connector/sink-writer.ts'
import type { Sink } from '../../connector/sink.ts'

/**
 * A moment of the contract of a sink: `K1` a record is given, `K2` before a flush, `K3` flushed,
 * `K4` preparing, `K5` prepared, `K6` the checkpoint is durable, `K7` committing, `K8` committed,
 * `K9` preparing what follows, `K10` committed while something prepared is not, `K11` committing in
 * a restart, `K12` a writer starts in one.
 *
 * @public
 */
export type SinkMoment =
  | 'K1'
  | 'K2'
  | 'K3'
  | 'K4'
  | 'K5'
  | 'K6'
  | 'K7'
  | 'K8'
  | 'K9'
  | 'K10'
  | 'K11'
  | 'K12'

/** What a test does at the moments of a sink. @public */
export interface SinkHooks {
  /** Called in the middle of what the sink does. May end the process: nothing runs after. */
  reach(moment: SinkMoment): void
  /** Whether this flush of a writer, from 1, ends only with the next one: its checkpoint fails. */
  comesLate?(flush: number): boolean
}

/** The same sink, which tells where it is. @public */
export function sinkWithMoments<In>(sink: Sink<In>, hooks: SinkHooks): Sink<In> {
  const moments = new Moments(hooks)
  const { committableSerializer: serializer } = sink
  return {
    description: sink.description,
    guarantee: sink.guarantee,
    mechanism: sink.mechanism,
    ...(sink.preflight === undefined
      ? {}
      : { preflight: async (context) => (await sink.preflight?.(context)) ?? [] }),
    ...(sink.writerStateSerializer === undefined
      ? {}
      : { writerStateSerializer: sink.writerStateSerializer }),
    async createWriter(context, restored) {
      const writer = sink.createWriter(context, restored)
      if (context.attempt > 1) hooks.reach('K12')
      return new WatchedWriter(await writer, moments).asWriter()
    },
    ...(sink.createCommitter === undefined
      ? {}
      : {
          async createCommitter(context) {
            const committer = await sink.createCommitter?.(context)
            return watchedCommitter(defined(committer, 'the sink has a committer'), moments)
          },
        }),
    ...(serializer === undefined
      ? {}
      : { committableSerializer: watchedSerializer(serializer, moments) }),
  }
}

/** What the parts of a sink in one process know together. */
class Moments {
  readonly hooks: SinkHooks
  /** Before any writer exists, commits are those of a restart. */
  writersMade = false
  /** Prepared in this process, and not committed. */
  pendingCount = 0

  constructor(hooks: SinkHooks) {
    this.hooks = hooks
  }
}

class WatchedWriter<In> {
  readonly #writer: SinkWriter<In, unknown, unknown>
  readonly #moments: Moments
  #flushes = 0
  #prepared = false
  #late: (() => void) | undefined

  constructor(writer: SinkWriter<In, unknown, unknown>, moments: Moments) {
    this.#writer = writer
    this.#moments = moments
    moments.writersMade = true
  }

  /** With those methods only that the writer has. */
  asWriter(): SinkWriter<In, unknown, unknown> {
    const writer = this.#writer
    const { hooks } = this.#moments
    return {
      write(value, context) {
        const written = writer.write(value, context)
        hooks.reach('K1')
        return written
      },
      flush: (endOfInput) => this.#flush(endOfInput),
      ...(writer.prepareCommit === undefined
        ? {}
        : { prepareCommit: (checkpointId) => this.#prepareCommit(checkpointId) }),
      ...(writer.snapshotState === undefined
        ? {}
        : { snapshotState: (checkpointId) => writer.snapshotState?.(checkpointId) }),
      ...(writer.forget === undefined
        ? {}
        : { forget: (beforeCheckpointId) => writer.forget?.(beforeCheckpointId) }),
      close: () => {
        this.#late?.()
        return writer.close()
      },
    }
  }

  async #flush(endOfInput: boolean): Promise<void> {
    const { hooks } = this.#moments
    this.#late?.()
    this.#late = undefined
    hooks.reach('K2')
    this.#flushes += 1
    const late = hooks.comesLate?.(this.#flushes) === true
    const { promise, resolve } = Promise.withResolvers<void>()
    if (late) this.#late = resolve
    await this.#writer.flush(endOfInput)
    hooks.reach('K3')
    if (late) await promise
  }

  async #prepareCommit(checkpointId: number): Promise<readonly unknown[]> {
    const { hooks } = this.#moments
    if (this.#prepared) hooks.reach('K9')
    this.#prepared = true
    const preparing = this.#writer.prepareCommit?.(checkpointId) ?? Promise.resolve([])
    hooks.reach('K4')
    const prepared = await preparing
    this.#moments.pendingCount += prepared.length
    return prepared
  }
}

function watchedCommitter(committer: Committer<unknown>, moments: Moments): Committer<unknown> {
  const { hooks } = moments
  return {
    async commit(committable) {
      hooks.reach('K6')
      const committing = committer.commit(committable)
      hooks.reach('K7')
      const restarting = !moments.writersMade
      if (restarting) hooks.reach('K11')
      const outcome = await committing
      hooks.reach('K8')
      if (restarting || outcome.status !== 'committed') return outcome
      moments.pendingCount -= 1
      if (moments.pendingCount > 0) hooks.reach('K10')
      return outcome
    },
    ...(committer.forget === undefined
      ? {}
      : { forget: async (beforeCheckpointId) => committer.forget?.(beforeCheckpointId) }),
    close: () => committer.close(),
  }
}

/** Committables are serialized when all is prepared, and before the checkpoint is durable. */
function watchedSerializer(serializer: Serializer<unknown>, moments: Moments): Serializer<unknown> {
  return {
    version: serializer.version,
    serialize(committable) {
      moments.hooks.reach('K5')
      return serializer.serialize(committable)
    },
    deserialize: (version, bytes) => serializer.deserialize(version, bytes),
  }
}
