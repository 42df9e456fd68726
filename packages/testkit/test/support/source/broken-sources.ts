import { format } from 'node:util'
import type { Serializer, Source, SourceReaderContext } from '@flinkts/core/connector'
import type { SourceCapabilities } from '../../../src/capabilities/source-capabilities.ts'
import {
  AcksByTheLastNotice,
  AcksOnlyRecords,
  AcksTheNewest,
  AcksWhatIsEmitted,
  AcksWhatIsTaken,
  AltersText,
  BeginsAtTheEnd,
  ClosesOnce,
  ClosesOnlyWhatRuns,
  ClosesWhenDataComes,
  CountsOnItsWakeUps,
  CutsLongTexts,
  DropsOnReconnect,
  ForgetsItsRows,
  ForgetsTheOldKey,
  GivesPromisesAway,
  IgnoresDeletes,
  IgnoresTheBudget,
  KeepsTwoSplits,
  LeavesATimer,
  LogsItsSecret,
  LooksAgain,
  LosesAWakeUp,
  MixesOrder,
  PassesOverGaps,
  PassesOverNewColumns,
  ReadsAhead,
  RemembersByItself,
  RepeatsOne,
  SkipsOne,
  Spins,
  SwallowsTruncations,
  TakesGapsForTrouble,
  TruncatesToMilliseconds,
} from './broken-readers.ts'
import { accepted, mistakesIn } from '../invalid-options.ts'
import { boundedLog, log, type logDriver, table } from './drivers.ts'
import type { LogReader, LogSplit } from './log-reader.ts'
import { LogSource } from './log-source.ts'
import { type LogRecord, LogUpstream } from './log-upstream.ts'
import { type TableReader, TableSource } from './table-source.ts'

/** A source that breaks one promise. */
export interface BrokenSource {
  readonly breaks: string
  /** The check that is meant for it. */
  readonly caughtBy: string
  readonly capabilities: SourceCapabilities
  createSource(upstream: LogUpstream): Source<LogRecord>
  /** What is different in its driver. */
  readonly driver?: Partial<ReturnType<typeof logDriver>>
}

type Of<Reader> = new (upstream: LogUpstream, context: SourceReaderContext) => Reader

/** An honest source whose readers are of another class. */
function withReader(
  Reader: Of<LogReader>,
  boundedness: Source<unknown>['boundedness'] = 'continuous-unbounded',
): (upstream: LogUpstream) => Source<LogRecord> {
  return (upstream) => {
    const source = new LogSource(upstream, boundedness)
    source.createReader = (context) => new Reader(upstream, context)
    return source
  }
}

function withTableReader(Reader: Of<TableReader>): (upstream: LogUpstream) => Source<LogRecord> {
  return (upstream) => {
    const source = new TableSource(upstream)
    source.createReader = (context) => new Reader(upstream, context)
    return source
  }
}

function withSerializer(
  change: (honest: Serializer<LogSplit>) => Partial<Serializer<LogSplit>>,
): (upstream: LogUpstream) => Source<LogRecord> {
  return (upstream) => {
    const source = new LogSource(upstream)
    const { splitSerializer } = source
    return Object.assign(source, {
      splitSerializer: { ...splitSerializer, ...change(splitSerializer) },
    })
  }
}

function endsTooSoon(upstream: LogUpstream): Source<LogRecord> {
  const source = new LogSource(upstream, 'bounded')
  const create = source.createEnumerator.bind(source)
  source.createEnumerator = (context, restored) => {
    const enumerator = create(context, restored)
    enumerator.endOfInput = (end) => end - 1
    return enumerator
  }
  return source
}

function looksOnce(upstream: LogUpstream): Source<LogRecord> {
  const source = new LogSource(upstream)
  const create = source.createEnumerator.bind(source)
  source.createEnumerator = (context, restored) => {
    const enumerator = create(context, restored)
    enumerator.look = () => enumerator.find()
    return enumerator
  }
  return source
}

function neverEndsWhenEmpty(upstream: LogUpstream): Source<LogRecord> {
  const source = new LogSource(upstream, 'bounded')
  const create = source.createEnumerator.bind(source)
  source.createEnumerator = (context, restored) => {
    const enumerator = create(context, restored)
    const end = enumerator.end.bind(enumerator)
    enumerator.end = () => {
      if (upstream.end > 0) end()
    }
    return enumerator
  }
  return source
}

/** Takes a log that it cannot open for one in which nothing is yet. */
function waitsForEver(upstream: LogUpstream): Source<LogRecord> {
  const source = new LogSource(upstream)
  const create = source.createEnumerator.bind(source)
  source.createEnumerator = (context, restored) => {
    const enumerator = create(context, restored)
    const find = enumerator.find.bind(enumerator)
    enumerator.find = () => {
      try {
        find()
      } catch {
        context.logger.warn('there is no log yet')
      }
    }
    return enumerator
  }
  return source
}

/** Positions outlive an attempt in the source object, and win over the checkpoint. */
function remembersInTheSource(upstream: LogUpstream): Source<LogRecord> {
  const source = new LogSource(upstream)
  const places = new Map<string, number>()
  const create = source.createReader.bind(source)
  source.createReader = (context) => {
    const reader = create(context)
    const advance = reader.advance.bind(reader)
    reader.advance = (progress, place) => {
      advance(progress, place)
      places.set(progress.split.splitId, place)
    }
    reader.placeOf = ({ splitId, place }) => places.get(splitId) ?? place
    return reader
  }
  return source
}

function changingPreflight(upstream: LogUpstream): Source<LogRecord> {
  return Object.assign(new LogSource(upstream), {
    preflight: async () => {
      upstream.append([
        { id: 'probe', split: 0, seq: 0, payload: 'is it writable?', operation: 'write' },
      ])
      return []
    },
  })
}

const logs = { capabilities: log }
const ends = { capabilities: boundedLog }
const tables = { capabilities: table }

/** By name; each is failed by the check that is meant for it. */
export const brokenSources: Readonly<Record<string, BrokenSource>> = {
  'acks-at-the-barrier': {
    breaks: 'what a barrier cut off is acknowledged before the checkpoint completes',
    caughtBy: 'ack.abortedCheckpointNotAcked',
    ...logs,
    createSource: withReader(AcksWhatIsTaken),
  },
  'acks-what-is-emitted': {
    breaks: 'a record is acknowledged as soon as it was emitted',
    caughtBy: 'ack.neverAheadOfDurableCheckpoint',
    ...logs,
    createSource: withReader(AcksWhatIsEmitted),
  },
  'acks-the-newest-checkpoint': {
    breaks: 'an older checkpoint is still retained, and what is behind it is acknowledged',
    caughtBy: 'ack.neverAheadOfDurableCheckpoint',
    ...logs,
    createSource: withReader(AcksTheNewest),
  },
  'acks-by-the-last-notice': {
    breaks: 'the notice that comes last is taken for that of the newest checkpoint',
    caughtBy: 'notify.outOfOrder',
    ...logs,
    createSource: withReader(AcksByTheLastNotice),
  },
  'acks-only-records': {
    breaks: 'what is not for the source is never acknowledged, and kept upstream for ever',
    caughtBy: 'ack.idleAdvances',
    ...logs,
    createSource: withReader(AcksOnlyRecords),
  },
  'passes-over-gaps': {
    breaks: 'what was pruned is left out without a word',
    caughtBy: 'upstream.gapIsLoud',
    ...logs,
    createSource: withReader(PassesOverGaps),
  },
  'takes-gaps-for-trouble': {
    breaks: 'what was pruned fails in a way that is tried again for ever',
    caughtBy: 'upstream.gapIsLoud',
    ...logs,
    createSource: withReader(TakesGapsForTrouble),
  },
  'skips-one': {
    breaks: 'a restart leaves out the record behind the position',
    caughtBy: 'resume.everyCheckpoint',
    ...logs,
    createSource: withReader(SkipsOne),
  },
  'repeats-one': {
    breaks: 'a restart repeats the record before the position',
    caughtBy: 'resume.writeWhileDown',
    ...logs,
    createSource: withReader(RepeatsOne),
  },
  'remembers-in-the-source': {
    breaks: 'the object of the source keeps positions over attempts',
    caughtBy: 'crash@S5.throw',
    ...logs,
    createSource: remembersInTheSource,
  },
  'remembers-by-itself': {
    breaks: 'positions are stored beside the checkpoint, when a record is emitted',
    caughtBy: 'crash@S2.kill',
    ...logs,
    createSource: withReader(RemembersByItself),
  },
  'forgets-its-rows': {
    breaks: 'the position in the snapshot is in no checkpoint',
    caughtBy: 'resume.partialSnapshot',
    ...tables,
    createSource: withTableReader(ForgetsItsRows),
  },
  'looks-again': {
    breaks: 'a restart takes the snapshot of another moment than the stream goes on from',
    caughtBy: 'snapshot.changedMeanwhile',
    ...tables,
    createSource: withTableReader(LooksAgain),
  },
  'begins-at-the-end': {
    breaks: 'the stream begins where the log ends when the snapshot does, not when it began',
    caughtBy: 'resume.handoff',
    ...tables,
    createSource: withTableReader(BeginsAtTheEnd),
  },
  'ignores-deletes': {
    breaks: 'a deletion is never emitted',
    caughtBy: 'delete',
    ...tables,
    createSource: withTableReader(IgnoresDeletes),
  },
  'forgets-the-old-key': {
    breaks: 'of a changed key only the new one is told',
    caughtBy: 'pk.update',
    ...tables,
    createSource: withTableReader(ForgetsTheOldKey),
  },
  'swallows-truncations': {
    breaks: 'that all is removed at once is never told',
    caughtBy: 'truncate',
    ...tables,
    createSource: withTableReader(SwallowsTruncations),
  },
  'loses-a-split-on-rescale': {
    breaks: 'a subtask that gets more splits than before keeps some of them',
    caughtBy: 'rescale.down',
    ...logs,
    createSource: withReader(KeepsTwoSplits),
  },
  'looks-once': {
    breaks: 'splits that come later are found by the next attempt only',
    caughtBy: 'splits.addRemove',
    ...logs,
    createSource: looksOnce,
  },
  'mixes-order': {
    breaks: 'the records of a split come in another order',
    caughtBy: 'order.perSplit',
    ...logs,
    createSource: withReader(MixesOrder),
  },
  'drops-on-reconnect': {
    breaks: 'what was read ahead is lost with the connection',
    caughtBy: 'crash@S9.reconnect',
    ...logs,
    createSource: withReader(DropsOnReconnect),
  },
  'ends-too-soon': {
    breaks: 'the input ends without its last record',
    caughtBy: 'endOfInput.lastRecords',
    ...ends,
    createSource: endsTooSoon,
  },
  'never-ends-when-empty': {
    breaks: 'where there is nothing, the end of the input never comes',
    caughtBy: 'empty.input',
    ...ends,
    createSource: neverEndsWhenEmpty,
  },
  'alters-text': {
    breaks: 'white space at the ends of a text is lost',
    caughtBy: 'types.roundTrip',
    ...logs,
    createSource: withReader(AltersText),
  },
  'truncates-to-milliseconds': {
    breaks: 'timestamps go through a `Date`, which has no microseconds',
    caughtBy: 'types.roundTrip',
    ...logs,
    createSource: withReader(TruncatesToMilliseconds),
  },
  'reads-ahead': {
    breaks: 'what comes is read, also while nobody takes it',
    caughtBy: 'backpressure.boundedMemory',
    ...logs,
    createSource: withReader(ReadsAhead),
  },
  'ignores-the-budget': {
    breaks: 'a poll emits all that there is',
    caughtBy: 'poll.respectsTheBudget',
    ...logs,
    createSource: withReader(IgnoresTheBudget),
  },
  'gives-promises-away': {
    breaks: 'every poll begins a new wait, and the promise before it never resolves',
    caughtBy: 'poll.withoutCause',
    ...logs,
    createSource: withReader(GivesPromisesAway),
  },
  'loses-a-wake-up': {
    breaks: 'what comes while it is looking elsewhere does not wake it',
    caughtBy: 'poll.withoutCause',
    ...logs,
    createSource: withReader(LosesAWakeUp),
  },
  'counts-on-its-wake-ups': {
    breaks: 'a poll that nobody asked for skips a record',
    caughtBy: 'poll.withoutCause',
    ...logs,
    createSource: withReader(CountsOnItsWakeUps),
  },
  spins: {
    breaks: 'a reader with nothing to emit wants to be polled all the time',
    caughtBy: 'idle.noSpin',
    ...logs,
    createSource: withReader(Spins),
  },
  'leaves-a-timer': {
    breaks: 'a timer lives on when the reader is closed',
    caughtBy: 'resources.noLeaks',
    ...logs,
    createSource: withReader(LeavesATimer),
  },
  'closes-late': {
    breaks: 'closing waits until a read comes back',
    caughtBy: 'close.duringBlockedRead',
    ...logs,
    createSource: withReader(ClosesWhenDataComes),
  },
  'closes-once': {
    breaks: 'a second close fails',
    caughtBy: 'close.twice',
    ...logs,
    createSource: withReader(ClosesOnce),
  },
  'closes-only-what-runs': {
    breaks: 'what was never started cannot be closed',
    caughtBy: 'close.beforeOpen',
    ...logs,
    createSource: withReader(ClosesOnlyWhatRuns),
  },
  'logs-its-secret': {
    breaks: 'a log line has the password in an address',
    caughtBy: 'config.secretsNeverLogged',
    ...logs,
    createSource: withReader(LogsItsSecret),
  },
  'waits-for-ever': {
    breaks: 'input that cannot be opened is taken for input that is empty',
    caughtBy: 'errors.classified',
    ...logs,
    createSource: waitsForEver,
  },
  'passes-over-options': {
    breaks: 'an option that it does not know is passed over',
    caughtBy: 'config.invalidIsRefused',
    ...logs,
    createSource: (upstream) => new LogSource(upstream),
    driver: { invalidOptions: () => mistakesIn(accepted) },
  },
  'cuts-long-texts': {
    breaks: 'a long text is cut without a word',
    caughtBy: 'large.record',
    ...logs,
    createSource: withReader(CutsLongTexts),
  },
  'formats-its-name': {
    breaks: 'the name of what is read is taken for a pattern',
    caughtBy: 'names.tricky',
    ...logs,
    createSource: (upstream) => new LogSource(new LogUpstream(format(upstream.directory, 'name'))),
  },
  'passes-over-new-columns': {
    breaks: 'records with a field that it does not know are left out',
    caughtBy: 'drift.neverSilent',
    ...logs,
    createSource: withReader(PassesOverNewColumns),
  },
  'changes-its-bytes': {
    breaks: 'the position of a split has another name than in the release before, and no version',
    caughtBy: 'state.readsEveryPreviousVersion',
    ...logs,
    createSource: withSerializer(() => ({
      serialize: ({ splitId, place, end }) =>
        new TextEncoder().encode(JSON.stringify({ splitId, at: place, end })),
      deserialize(_version, bytes) {
        const { at, ...split } = JSON.parse(new TextDecoder().decode(bytes)) as LogSplit & {
          readonly at: number
        }
        return { ...split, place: at }
      },
    })),
  },
  'preflight-that-writes-upstream': {
    breaks: 'a preflight writes a record to see whether it may',
    caughtBy: 'preflight.findsNothing',
    ...logs,
    createSource: changingPreflight,
  },
  'drops-a-field': {
    breaks: 'what a split knows beside its position does not go through its bytes',
    caughtBy: 'serializer.roundTrip',
    ...logs,
    createSource: withSerializer((honest) => ({
      deserialize: (version, bytes) => {
        const { splitId, place } = honest.deserialize(version, bytes)
        return { splitId: splitId.trim(), place: Math.max(0, place - 1), end: undefined }
      },
    })),
  },
  'guesses-the-version': {
    breaks: 'bytes of an unknown version are read as if they were known',
    caughtBy: 'serializer.refusesUnknownVersion',
    ...logs,
    createSource: withSerializer((honest) => ({
      deserialize: (_version, bytes) => honest.deserialize(1, bytes),
    })),
  },
}
