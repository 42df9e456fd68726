import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { format } from 'node:util'
import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type {
  CommitOutcome,
  Committer,
  ConnectorContext,
  Finding,
  Sink,
  SinkWriter,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { SinkCapabilities } from '../../src/capabilities/sink-capabilities.ts'
import type { KitRecord } from '../../src/records/kit-record.ts'
import {
  AltersText,
  ClosesInTheMiddle,
  ClosesOnce,
  CommitsInPrepare,
  CutsLate,
  CutsLongTexts,
  DoesNotAwaitFlush,
  DropsOnAbort,
  DropsUnderLoad,
  ForgetsTheEnd,
  LeavesATimer,
  MixesOrder,
  PublishesOnClose,
  ReusesVisibleNames,
  SharesPendingNames,
  WritesVisibly,
} from './broken-writers.ts'
import { append, type fileDriver, secret, twoPhase, upsert } from './drivers.ts'
import { FileTarget } from './file-target.ts'
import { HonestSink, HonestWriter, jsonSerializer, type PendingFile } from './honest-sink.ts'
import { accepted, mistakesIn } from './invalid-options.ts'
import { appendSink, appendTo, upsertInto, upsertSink } from './plain-sinks.ts'

/** A sink that breaks one promise. */
export interface BrokenSink {
  readonly breaks: string
  /** The check that is meant for it. */
  readonly caughtBy: string
  readonly capabilities: SinkCapabilities
  createSink(target: FileTarget): Sink<KitRecord>
  /** What is different in its driver. */
  readonly driver?: Partial<ReturnType<typeof fileDriver>>
}

/** Makes an honest sink whose writers are of another class. */
function withWriter(
  create: (target: FileTarget, context: SubtaskContext) => HonestWriter,
): (target: FileTarget) => Sink<KitRecord> {
  return (target) => {
    const sink = new HonestSink(target)
    sink.newWriter = (context) => create(target, context)
    return sink
  }
}

/** Makes an honest sink that commits in another way. */
function withCommit(
  commit: (target: FileTarget, file: PendingFile, honest: HonestSink) => Promise<CommitOutcome>,
): (target: FileTarget) => Sink<KitRecord> {
  return (target) => {
    const honest = new HonestSink(target)
    const sink = new HonestSink(target)
    sink.commit = (file) => commit(target, file, honest)
    return sink
  }
}

async function committedAgainUnderANewName(
  target: FileTarget,
  { pending, visible }: PendingFile,
): Promise<CommitOutcome> {
  const records = await target.readPending(pending)
  await target.writeVisible(`${visible}.${process.hrtime.bigint()}`, records)
  return { status: 'committed' }
}

async function tornCommit(
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

async function checkThenAct(
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
class ForgetsRestored extends HonestSink {
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
class CleansByOwnIndex extends HonestSink {
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

class NeverCleans extends HonestSink {
  override removeOrphans(): Promise<void> {
    return Promise.resolve()
  }
}

class CleansEverything extends HonestSink {
  override async removeOrphans({ jobId }: SubtaskContext): Promise<void> {
    for (const name of await this.target.pending()) {
      if (name.startsWith(jobId)) await this.target.removePending(name)
    }
  }
}

/** Hides what is void, and gives it back to whoever commits it. */
class DoesNotFence extends HonestSink {
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

class LeavesAFileOnOpen extends HonestSink {
  override async createWriter(context: SubtaskContext): Promise<HonestWriter> {
    await this.target.writePending(`lock.${context.subtask}`, [])
    return this.newWriter(context)
  }
}

/** Tries whether it can write, and leaves the attempt. */
class TriesInPreflight extends HonestSink {
  async preflight(): Promise<readonly Finding[]> {
    await this.target.writePending('probe', [])
    return []
  }
}

class LogsItsSecret extends HonestSink {
  override createWriter(context: SubtaskContext): Promise<SinkWriter<KitRecord, PendingFile>> {
    context.logger.debug('connects', { url: `files://user:${secret}@host` })
    return super.createWriter(context)
  }
}

class HidesCodes extends HonestSink {
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
class PreparesInMemory extends HonestSink {
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

class LosesThePlace extends HonestSink {
  override readonly committableSerializer: typeof jsonSerializer = {
    ...jsonSerializer,
    serialize: ({ pending, visible }) =>
      jsonSerializer.serialize({ pending: pending.slice(0, 9), visible }),
  }
}

class GuessesVersions extends HonestSink {
  override readonly committableSerializer: typeof jsonSerializer = {
    ...jsonSerializer,
    deserialize: (_version, bytes) => jsonSerializer.deserialize(1, bytes),
  }
}

function broken(
  breaks: string,
  caughtBy: string,
  createSink: (target: FileTarget) => Sink<KitRecord>,
): BrokenSink {
  return { breaks, caughtBy, capabilities: twoPhase, createSink }
}

/** By name; each is caught by a check that the honest sink passes. */
export const brokenSinks: Readonly<Record<string, BrokenSink>> = {
  'commits-in-prepare': broken(
    'output is visible as soon as it is prepared',
    'visibility.nothingBeforeCommit',
    withWriter((target, context) => new CommitsInPrepare(target, context)),
  ),
  'visible-before-commit': broken(
    'a flush writes where readers look',
    'visibility.nothingBeforeCommit',
    withWriter((target, context) => new WritesVisibly(target, context)),
  ),
  'commit-not-idempotent': broken(
    'a second commit fails',
    'commit.twice',
    withCommit(async (target, file, honest) => {
      if (!(await target.isVisible(file.visible))) return honest.commit(file)
      throw new FlinktsError('FLINKTS_COMMIT_REJECTED', 'it is there already')
    }),
  ),
  'new-id-on-recommit': broken(
    'every commit makes the output visible under a new name',
    'recover.reusesPersistedCommitIds',
    withCommit(committedAgainUnderANewName),
  ),
  'check-then-act-commit': broken(
    'a commit looks whether it was done, and does it, in two steps',
    'commit.tenTimesConcurrent',
    withCommit(checkThenAct),
  ),
  'torn-commit': broken(
    'a reader sees half of a commit',
    'visibility.allOrNothingPerCommittable',
    withCommit(tornCommit),
  ),
  'swallowed-commit-error': broken(
    'a commit that cannot succeed is taken for done',
    'prepared.expiredIsLoud',
    withCommit((_target, file, honest) =>
      honest.commit(file).catch(() => ({ status: 'already-committed' })),
    ),
  ),
  'endless-retry': broken(
    'a commit that was done before wants to be tried again for ever',
    'commit.afterCleanup',
    withCommit(async (target, file, honest) => {
      if (!(await target.isVisible(file.visible))) return honest.commit(file)
      return { status: 'retry', cause: 'busy' }
    }),
  ),
  'unawaited-flush': broken(
    'a barrier does not wait until its output is written',
    'prepare.durableWhenResolved',
    withWriter((target, context) => new DoesNotAwaitFlush(target, context)),
  ),
  'forgets-the-end': broken(
    'the records before the end of input are never prepared',
    'endOfInput.lastRecords',
    withWriter((target, context) => new ForgetsTheEnd(target, context)),
  ),
  'late-cut': broken(
    'records behind the barrier get into the checkpoint',
    'cut.atTheCall',
    withWriter((target, context) => new CutsLate(target, context)),
  ),
  'shared-temporary-name': broken(
    'attempts write to pending files of the same names',
    'fencing.zombieWriterRejected',
    withWriter((target, context) => new SharesPendingNames(target, context)),
  ),
  'reused-visible-name': broken(
    'an attempt overwrites what the one before has committed',
    'attempts.neverOverwrite',
    withWriter((target, context) => new ReusesVisibleNames(target, context)),
  ),
  'drops-on-abort': broken(
    'what a failed checkpoint had prepared is thrown away',
    'checkpoint.abortedThenNext',
    withWriter((target, context) => new DropsOnAbort(target, context)),
  ),
  'publishes-on-close': broken(
    'closing makes visible what is in no checkpoint',
    'close.makesNothingVisible',
    withWriter((target, context) => new PublishesOnClose(target, context)),
  ),
  'closes-in-the-middle': broken(
    'a writer is closed, and still writes',
    'close.endsWhatIsUnderWay',
    withWriter((target, context) => new ClosesInTheMiddle(target, context)),
  ),
  'altered-text': broken(
    'white space at the end of a text is lost',
    'types.roundTrip',
    withWriter((target, context) => new AltersText(target, context)),
  ),
  'mixed-order': broken(
    'records come in another order than they were written',
    'types.roundTrip',
    withWriter((target, context) => new MixesOrder(target, context)),
  ),
  'drops-under-load': broken(
    'what does not fit into a buffer is dropped',
    'backpressure.writesAreHeld',
    withWriter((target, context) => new DropsUnderLoad(target, context)),
  ),
  'leaking-timer': broken(
    'a timer lives on when the writer is closed',
    'resources.noLeaks',
    withWriter((target, context) => new LeavesATimer(target, context)),
  ),
  'forgets-restored-committables': broken(
    'only what the running attempt prepared is committed',
    'crash@K6.throw',
    (target) => new ForgetsRestored(target),
  ),
  'forgets-subtasks-on-rescale': broken(
    'the remains of subtasks that are no more are never removed',
    'rescale.down.withPending',
    (target) => new CleansByOwnIndex(target),
  ),
  'never-cleans': broken(
    'what older attempts left stays for ever',
    'abort.removesOrphans',
    (target) => new NeverCleans(target),
  ),
  'cleans-everything': broken(
    'a start removes what other jobs have prepared',
    'abort.doesNotTouchOthers',
    (target) => new CleansEverything(target),
  ),
  'no-fencing': broken(
    'an old attempt can still commit what is void',
    'fencing.zombieCommitRejected',
    (target) => new DoesNotFence(target),
  ),
  'closes-once': broken(
    'a second close fails',
    'close.twice',
    withWriter((target, context) => new ClosesOnce(target, context)),
  ),
  'cuts-long-texts': broken(
    'a long text is cut without a word',
    'large.record',
    withWriter((target, context) => new CutsLongTexts(target, context)),
  ),
  'formats-its-name': broken(
    'the name of the target is taken for a pattern',
    'names.tricky',
    (target) => new HonestSink(new FileTarget(format(target.directory, 'name'))),
  ),
  'logs-its-secret': broken(
    'a log line has the password in an address',
    'config.secretsNeverLogged',
    (target) => new LogsItsSecret(target),
  ),
  'hides-codes': broken(
    'what the target says goes on as an error without a code',
    'errors.classified',
    (target) => new HidesCodes(target),
  ),
  'passes-over-options': {
    ...broken(
      'an option that it does not know is passed over',
      'config.invalidIsRefused',
      (target) => new HonestSink(target),
    ),
    driver: { invalidOptions: () => mistakesIn(accepted) },
  },
  'leaves-a-file-on-open': broken(
    'a writer that never got a record leaves something',
    'close.beforeOpen',
    (target) => new LeavesAFileOnOpen(target),
  ),
  'preflight-that-writes': broken(
    'a preflight changes the target',
    'preflight.findsNothing',
    (target) => new TriesInPreflight(target),
  ),
  'prepared-in-memory': broken(
    'what is prepared is gone with the process',
    'crash@K6.kill',
    (target) => new PreparesInMemory(target),
  ),
  'lossy-serializer': broken(
    'a committable loses a part of its name in the checkpoint',
    'serializer.roundTrip',
    (target) => new LosesThePlace(target),
  ),
  'guessed-version': broken(
    'bytes of an unknown version are read as if they were known',
    'serializer.refusesUnknownVersion',
    (target) => new GuessesVersions(target),
  ),
  'append-unawaited-flush': {
    breaks: 'without a commit: a flush does not wait for the write',
    caughtBy: 'flush.durableWhenResolved',
    capabilities: append,
    createSink: (target) => {
      const store = appendTo(target)
      return appendSink(target, async (records, at) => {
        void pause(30).then(() => store(records, at).catch(() => undefined))
      })
    },
  },
  'upsert-by-attempt': {
    breaks: 'the key of an upsert differs between attempts',
    caughtBy: 'crash@K5.throw',
    capabilities: upsert,
    createSink: (target) => upsertSink(target, appendTo(target)),
  },
  'first-write-wins': {
    breaks: 'a record whose id is there already is ignored',
    caughtBy: 'duplicate.keys',
    capabilities: upsert,
    createSink: (target) => {
      const store = upsertInto(target)
      return upsertSink(target, async (records, at) => {
        for (const record of records) {
          if (!(await target.isVisible(record.id))) await store([record], at)
        }
      })
    },
  },
  'ignores-deletes': {
    breaks: 'a deletion is taken for a write',
    caughtBy: 'delete',
    capabilities: upsert,
    createSink: (target) => {
      const store = upsertInto(target)
      return upsertSink(target, (records, at) =>
        store(
          records.map((record) => ({ ...record, operation: 'write' })),
          at,
        ),
      )
    },
  },
}
