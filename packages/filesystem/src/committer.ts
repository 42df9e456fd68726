import { FlinktsError, unreachable } from '@flinkts/core/connector'
import type { CommitOutcome, Committer } from '@flinkts/core/connector'
import type { FileCommittable } from './committable.ts'
import type { ObjectStore, PublishOutcome } from './object-store.ts'

/** Publishes prepared files. @internal */
export class FileCommitter implements Committer<FileCommittable> {
  readonly #store: ObjectStore

  constructor(store: ObjectStore) {
    this.#store = store
  }

  async commit(committable: FileCommittable): Promise<CommitOutcome> {
    try {
      return this.#outcomeOf(await this.#store.publish(committable, committable.path), committable)
    } catch (cause) {
      if (cause instanceof FlinktsError && cause.retryable) return { status: 'retry', cause }
      throw cause
    }
  }

  async close(): Promise<void> {}

  #outcomeOf(outcome: PublishOutcome, { path, token }: FileCommittable): CommitOutcome {
    const file = `file "${path}" in "${this.#store.location}"`
    switch (outcome) {
      case 'published':
        return { status: 'committed' }
      case 'already-published':
        return { status: 'already-committed' }
      case 'lost':
        throw new FlinktsError(
          'FLINKTS_COMMIT_REJECTED',
          `${file} could not be published: neither it nor its complete upload "${token}" exists`,
          {
            hint:
              'Somebody removed, moved or cut it. If a reader took the published file ' +
              'away: put it back, start the job, and let readers copy files instead. ' +
              'Otherwise restore an older checkpoint, so that its records are written ' +
              'again.',
          },
        )
      case 'conflict':
        throw new FlinktsError(
          'FLINKTS_COMMIT_REJECTED',
          `${file} could not be published: another file is in its place, or in that of "${token}"`,
          { hint: 'Compare the two files, move the foreign one away, and start the job again.' },
        )
      default:
        return unreachable(outcome)
    }
  }
}
