import { setTimeout as pause } from 'node:timers/promises'
import { format } from 'node:util'
import { FlinktsError } from '@flinkts/core/connector'
import type { CommitOutcome, Sink, SubtaskContext } from '@flinkts/core/connector'
import type { SinkCapabilities } from '../../src/capabilities/sink-capabilities.ts'
import type { KitRecord } from '../../src/records/kit-record.ts'
import {
  checkThenAct,
  CleansByOwnIndex,
  CleansEverything,
  committedAgainUnderANewName,
  committedAgainWithoutAnAnswer,
  committedUpToTheHighest,
  DoesNotFence,
  ForgetsRestored,
  ForgetsWhatIsRetained,
  GuessesVersions,
  HidesCodes,
  LeavesAFileOnOpen,
  LogsItsSecret,
  LosesThePlace,
  NeverCleans,
  PreparesInMemory,
  rejectedByNewColumns,
  RenamesAField,
  tornCommit,
  TriesInPreflight,
} from './broken-commits.ts'
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
  HoldsEverything,
  LeavesATimer,
  LeavesOutNulls,
  LeavesOutWhatIsGone,
  MixesOrder,
  PublishesOnClose,
  ReusesVisibleNames,
  SharesPendingNames,
  TakesLostAnswersForDone,
  TruncatesBigints,
  WritesVisibly,
} from './broken-writers.ts'
import { append, type fileDriver, twoPhase, upsert } from './drivers.ts'
import { FileTarget } from './file-target.ts'
import { HonestSink, type HonestWriter, type PendingFile } from './honest-sink.ts'
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
  'commits-up-to-the-highest': broken(
    'what a subtask has committed counts for all: their earlier checkpoints are taken for done',
    'notify.outOfOrder',
    withCommit(committedUpToTheHighest),
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
  'truncating-bigint': broken(
    'whole numbers go through a double, and lose their last digits',
    'types.roundTrip',
    withWriter((target, context) => new TruncatesBigints(target, context)),
  ),
  'leaves-out-nulls': broken(
    'a null is left out, and the target puts in what it likes',
    'types.roundTrip',
    withWriter((target, context) => new LeavesOutNulls(target, context)),
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
  'holds-everything': broken(
    'records are kept in memory until the barrier, however many',
    'backpressure.boundedMemory',
    withWriter((target, context) => new HoldsEverything(target, context)),
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
  'forgets-what-is-retained': broken(
    'notes of commits go while a checkpoint that holds them is retained',
    'replay.olderSavepoint',
    (target) => new ForgetsWhatIsRetained(target),
  ),
  'commits-by-the-old-columns': broken(
    'what was prepared cannot be committed when the target has a column more',
    'schemaChange.withPendingDrainsFirst',
    withCommit(rejectedByNewColumns),
  ),
  'commits-again-without-an-answer': broken(
    'a commit whose answer is lost is done again under another name',
    'crash@K8.lostReply',
    withCommit(committedAgainWithoutAnAnswer),
  ),
  'takes-lost-answers-for-done': broken(
    'what was sent on a connection that broke is taken for written',
    'crash@K4.lostReply',
    withWriter((target, context) => new TakesLostAnswersForDone(target, context)),
  ),
  'renames-a-field': broken(
    'what the release before has stored is not understood, under the same version',
    'state.readsEveryPreviousVersion',
    (target) => new RenamesAField(target),
  ),
  'leaves-out-what-is-gone': broken(
    'a value whose column is gone is left out without a word',
    'drift.neverSilent',
    withWriter((target, context) => new LeavesOutWhatIsGone(target, context)),
  ),
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
  'deletes-last': {
    breaks: 'the deletions of a checkpoint come after its writes',
    caughtBy: 'pk.update',
    capabilities: upsert,
    createSink: (target) => {
      const store = upsertInto(target)
      return upsertSink(target, async (records, at) => {
        for (const last of ['write', 'delete']) {
          const chosen = records.filter(({ operation }) => operation === last)
          await store(chosen, at)
        }
      })
    },
  },
}
