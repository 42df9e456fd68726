import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type {
  CommitOutcome,
  Committer,
  ConnectorContext,
  Finding,
  SinkWriter,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { KitRecord } from '../../src/records/kit-record.ts'
import { secret } from './drivers.ts'
import type { FileTarget } from './file-target.ts'
import { HonestSink, HonestWriter, jsonSerializer, type PendingFile } from './honest-sink.ts'

// Starts and commits that break one promise each; `broken-sinks.ts` says which.

export async function committedAgainUnderANewName(
  target: FileTarget,
  { pending, visible }: PendingFile,
): Promise<CommitOutcome> {
  const records = await target.readPending(pending)
  await target.writeVisible(`${visible}.${process.hrtime.bigint()}`, records)
  return { status: 'committed' }
}

export async function tornCommit(
  target: FileTarget,
  file: PendingFile,
  honest: HonestSink,
): Promise<CommitOutcome> {
  if (await target.isVisible(file.visible)) return honest.commit(file)
  const records = await target.readPending(file.pending)
  const half = records.slice(0, Math.ceil(records.length / 2))
  await target.writeVisible(file.visible, half)
  await pause(30)
  return honest.commit(file)
}

/** What any subtask has committed last counts for all. */
export async function committedUpToTheHighest(
  target: FileTarget,
  file: PendingFile,
  honest: HonestSink,
): Promise<CommitOutcome> {
  const { visible } = file
  const checkpointOf = (name: string): number => Number(name.split('.')[0])
  const names = await target.visibleNames()
  const later = names.some((name) => checkpointOf(name) > checkpointOf(visible))
  return later ? { status: 'already-committed' } : honest.commit(file)
}

export async function checkThenAct(
  target: FileTarget,
  { pending, visible }: PendingFile,
): Promise<CommitOutcome> {
  const done = `${visible}.done`
  if (await target.isVisible(done)) return { status: 'already-committed' }
  const records = await target.readPending(pending)
  await target.writeVisible(`${visible}.${process.hrtime.bigint()}`, records)
  await target.writeVisible(done, [])
  await target.removePending(pending)
  return { status: 'committed' }
}

/** Committers know only the files of writers that they have seen: none after a restart. */
export class ForgetsRestored extends HonestSink {
  override createCommitter(context: ConnectorContext): Promise<Committer<PendingFile>> {
    return Promise.resolve({
      commit: (file) => {
        const own = file.pending.split('.')[1] === String(context.attempt)
        return own ? this.commit(file) : Promise.resolve({ status: 'already-committed' })
      },
      close: () => Promise.resolve(),
    })
  }
}

/** Every writer removes what its own subtask left: that of subtasks that are gone stays. */
export class CleansByOwnIndex extends HonestSink {
  override async createWriter(
    context: SubtaskContext,
  ): Promise<SinkWriter<KitRecord, PendingFile>> {
    const { jobId, attempt, subtask } = context
    for (const name of await this.target.pending()) {
      const [owner, ofAttempt, ofSubtask] = name.split('.')
      const own = owner === jobId && Number(ofSubtask) === subtask
      if (own && Number(ofAttempt) < attempt) await this.target.removePending(name)
    }
    return this.newWriter(context)
  }
}

export class NeverCleans extends HonestSink {
  override removeOrphans(): Promise<void> {
    return Promise.resolve()
  }
}

export class CleansEverything extends HonestSink {
  override async removeOrphans({ jobId }: SubtaskContext): Promise<void> {
    for (const name of await this.target.pending()) {
      if (name.startsWith(jobId)) await this.target.removePending(name)
    }
  }
}

/** Hides what is void, and gives it back to whoever commits it. */
export class DoesNotFence extends HonestSink {
  override async removeOrphans(context: SubtaskContext): Promise<void> {
    for (const name of await this.target.pending()) {
      const [owner, ofAttempt] = name.split('.')
      if (owner !== context.jobId || Number(ofAttempt) >= context.attempt) continue
      const records = await this.target.readPending(name)
      writeFileSync(join(this.target.directory, `${name}.kept`), JSON.stringify(records))
      await this.target.publish(name, `../${name}.kept`)
    }
  }

  override async commit(file: PendingFile): Promise<CommitOutcome> {
    const kept = join('..', `${file.pending}.kept`)
    if (await this.target.publish(kept, file.visible)) return { status: 'committed' }
    return super.commit(file)
  }
}

export class LeavesAFileOnOpen extends HonestSink {
  override async createWriter(context: SubtaskContext): Promise<HonestWriter> {
    await this.target.writePending(`lock.${context.subtask}`, [])
    return this.newWriter(context)
  }
}

/** Tries whether it can write, and leaves the attempt. */
export class TriesInPreflight extends HonestSink {
  async preflight(): Promise<readonly Finding[]> {
    await this.target.writePending('probe', [])
    return []
  }
}

export class LogsItsSecret extends HonestSink {
  override createWriter(context: SubtaskContext): Promise<SinkWriter<KitRecord, PendingFile>> {
    context.logger.debug('connects', { url: `files://user:${secret}@host` })
    return super.createWriter(context)
  }
}

export class HidesCodes extends HonestSink {
  override async createWriter(
    context: SubtaskContext,
  ): Promise<SinkWriter<KitRecord, PendingFile>> {
    try {
      return await super.createWriter(context)
    } catch (cause) {
      throw new Error(`no writer: ${messageOf(cause)}`, { cause })
    }
  }
}

/** Right as long as the process lives. */
export class PreparesInMemory extends HonestSink {
  static readonly prepared: Map<string, readonly KitRecord[]> = new Map()

  override newWriter(context: SubtaskContext): HonestWriter {
    const writer = new HonestWriter(this.target, context)
    writer.store = (name, records) => {
      PreparesInMemory.prepared.set(join(this.target.directory, name), records)
      return Promise.resolve()
    }
    return writer
  }

  override async commit(file: PendingFile): Promise<CommitOutcome> {
    const key = join(this.target.directory, file.pending)
    const records = PreparesInMemory.prepared.get(key)
    if (records === undefined) return super.commit(file)
    await this.target.writeVisible(file.visible, records)
    PreparesInMemory.prepared.delete(key)
    return { status: 'committed' }
  }
}

export class LosesThePlace extends HonestSink {
  override readonly committableSerializer: typeof jsonSerializer = {
    ...jsonSerializer,
    serialize: ({ pending, visible }) =>
      jsonSerializer.serialize({ pending: pending.slice(0, 9), visible }),
  }
}

/** Reads what it writes itself; what is in a checkpoint of the day before has other names. */
export class RenamesAField extends HonestSink {
  override readonly committableSerializer: typeof jsonSerializer = {
    version: 1,
    serialize: ({ pending, visible }) =>
      new TextEncoder().encode(JSON.stringify({ from: pending, to: visible })),
    deserialize(_version, bytes) {
      const { from, to } = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, string>
      return { pending: String(from), visible: String(to) }
    },
  }
}

export class GuessesVersions extends HonestSink {
  override readonly committableSerializer: typeof jsonSerializer = {
    ...jsonSerializer,
    deserialize: (_version, bytes) => jsonSerializer.deserialize(1, bytes),
  }
}

/** Keeps a note of each commit, and throws away those that a restore may ask for. */
export class ForgetsWhatIsRetained extends HonestSink {
  override createCommitter(): Promise<Committer<PendingFile>> {
    const notes = join(this.target.directory, 'visible')
    return Promise.resolve({
      commit: (file) => this.commit(file),
      forget: async () => {
        for (const name of readdirSync(notes)) {
          if (name.endsWith('.done')) await this.target.removeVisible(name)
        }
      },
      close: () => Promise.resolve(),
    })
  }

  override async commit({ pending, visible }: PendingFile): Promise<CommitOutcome> {
    if (await this.target.isVisible(`${visible}.done`)) return { status: 'already-committed' }
    const kept = join('..', `${pending}.kept`)
    await this.target.publish(pending, kept)
    const records = await this.target.readPending(kept)
    await this.target.writeVisible(`${visible}.${process.hrtime.bigint()}`, records)
    await this.target.writeVisible(`${visible}.done`, [])
    return { status: 'committed' }
  }
}

export async function rejectedByNewColumns(
  target: FileTarget,
  file: PendingFile,
  honest: HonestSink,
): Promise<CommitOutcome> {
  if (!existsSync(join(target.directory, 'added'))) return honest.commit(file)
  throw new FlinktsError('FLINKTS_COMMIT_REJECTED', 'the target has another column')
}

export async function committedAgainWithoutAnAnswer(
  target: FileTarget,
  file: PendingFile,
  honest: HonestSink,
): Promise<CommitOutcome> {
  const records = await target.readPending(file.pending).catch(() => [])
  const outcome = await honest.commit(file)
  if (outcome.status !== 'retry') return outcome
  await target.writeVisible(`${file.visible}.again`, records)
  return { status: 'committed' }
}
