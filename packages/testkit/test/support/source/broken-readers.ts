import { setTimeout as pause } from 'node:timers/promises'
import { FlinktsError } from '@flinkts/core/connector'
import type { CheckpointNotice, InputStatus, SourceOutput } from '@flinkts/core/connector'
import { secret } from '../drivers.ts'
import { LogReader, type LogSplit, type Progress } from './log-reader.ts'
import { changesOf, type LogLine, type LogRecord } from './log-upstream.ts'
import { TableReader, type TableSplit } from './table-source.ts'

/** Readers that break one promise each; `broken-sources.ts` says which. */
export class AcksWhatIsTaken extends LogReader {
  override snapshotState(checkpointId: number): readonly LogSplit[] {
    const splits = super.snapshotState(checkpointId)
    for (const { splitId, place } of splits) this.acknowledge(splitId, place)
    return splits
  }
}

export class AcksWhatIsEmitted extends LogReader {
  override advance(progress: Progress, place: number): void {
    super.advance(progress, place)
    this.acknowledge(progress.split.splitId, place)
  }
}

export class AcksTheNewest extends LogReader {
  override notifyCheckpointComplete({ checkpointId }: CheckpointNotice): void {
    super.notifyCheckpointComplete({ checkpointId, oldestRetainedId: checkpointId })
  }
}

export class AcksByTheLastNotice extends LogReader {
  override acknowledge(split: string, place: number): void {
    this.upstream.acknowledge(split, place)
  }
}

export class AcksOnlyRecords extends LogReader {
  override advance(progress: Progress, place: number): void {
    const last = progress.buffer.length === 0 && place === progress.fetched
    const line = this.upstream.after(place - 1, 1)[0]
    const own = line?.record !== undefined && String(line.record.split) === progress.split.splitId
    if (own || !last) super.advance(progress, place)
  }
}

export class SkipsOne extends LogReader {
  override placeOf({ place }: LogSplit): number {
    return place === 0 ? 0 : place + 1
  }
}

export class RepeatsOne extends LogReader {
  override splitAt(progress: Progress): LogSplit {
    const own = this.upstream
      .after(0)
      .slice(0, progress.place)
      .findLast(({ record }) => String(record?.split) === progress.split.splitId)
    return { ...progress.split, place: own === undefined ? progress.place : own.place - 1 }
  }
}

/** Of three splits, a lone subtask keeps two. */
export class KeepsTwoSplits extends LogReader {
  override addSplits(splits: readonly LogSplit[]): void {
    super.addSplits(splits.slice(0, 2))
  }
}

export class PassesOverGaps extends LogReader {
  override checkGap(progress: Progress): void {
    progress.fetched = Math.max(progress.fetched, this.upstream.pruned)
  }
}

export class TakesGapsForTrouble extends LogReader {
  override checkGap({ fetched }: Progress): void {
    if (fetched >= this.upstream.pruned) return
    throw new FlinktsError('FLINKTS_STORAGE_FAILED', 'the log could not be read')
  }
}

export class LeavesATimer extends LogReader {
  override close(): Promise<void> {
    return Promise.resolve()
  }
}

export class ClosesWhenDataComes extends LogReader {
  override async close(): Promise<void> {
    await pause(2_500)
    await super.close()
  }
}

export class ClosesOnce extends LogReader {
  #closed = false

  override close(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('closed already'))
    this.#closed = true
    return super.close()
  }
}

export class ClosesOnlyWhatRuns extends LogReader {
  override close(): Promise<void> {
    if (this.timer === undefined) return Promise.reject(new Error('not started'))
    return super.close()
  }
}

export class ReadsAhead extends LogReader {
  override wantsMore(): boolean {
    return true
  }
}

export class MixesOrder extends LogReader {
  override linesOf(progress: Progress, lines: readonly LogLine[]): LogLine[] {
    return super.linesOf(progress, lines).toReversed()
  }
}

export class DropsOnReconnect extends LogReader {
  override reconnect(progress: Progress): void {
    progress.buffer = []
  }
}

export class Spins extends LogReader {
  override available(): Promise<void> {
    return Promise.resolve()
  }
}

export class GivesPromisesAway extends LogReader {
  override renew(): void {
    this.replaceWake()
  }
}

export class LosesAWakeUp extends LogReader {
  #count = 0

  override wakeUp(): void {
    this.#count += 1
    if (this.#count % 4 !== 0) super.wakeUp()
  }
}

/** Takes every poll for one that it has asked for. */
export class CountsOnItsWakeUps extends LogReader {
  #awake = true

  override wakeUp(): void {
    this.#awake = true
    super.wakeUp()
  }

  override pollNext(output: SourceOutput<LogRecord>): InputStatus {
    if (!this.#awake) for (const progress of this.splits.values()) progress.fetched += 1
    const status = super.pollNext(output)
    this.#awake = status === 'more-available'
    return status
  }
}

export class IgnoresTheBudget extends LogReader {
  override pollNext(output: SourceOutput<LogRecord>): InputStatus {
    const endless: SourceOutput<LogRecord> = {
      forSplit: (splitId) => ({
        ...output.forSplit(splitId),
        collect: (value) => {
          output.forSplit(splitId).collect(value)
          return true
        },
      }),
      releaseSplit: (splitId) => output.releaseSplit(splitId),
    }
    for (const progress of this.splits.values()) {
      for (let fetched = -1; fetched !== progress.fetched; ) {
        fetched = progress.fetched
        this.fetch(progress)
      }
    }
    return super.pollNext(endless)
  }
}

export class AltersText extends LogReader {
  override linesOf(progress: Progress, lines: readonly LogLine[]): LogLine[] {
    return super.linesOf(progress, lines).map(({ place, record }) => ({
      place,
      record: record && { ...record, payload: record.payload.trim() },
    }))
  }
}

export class TruncatesToMilliseconds extends LogReader {
  override linesOf(progress: Progress, lines: readonly LogLine[]): LogLine[] {
    return super.linesOf(progress, lines).map((line) => {
      const timestamp = line.record?.values?.timestamp?.replace(/\d{3}Z$/, '000Z')
      if (line.record === undefined || timestamp === undefined) return line
      return { ...line, record: { ...line.record, values: { ...line.record.values, timestamp } } }
    })
  }
}

export class CutsLongTexts extends LogReader {
  override linesOf(progress: Progress, lines: readonly LogLine[]): LogLine[] {
    return super.linesOf(progress, lines).map(({ place, record }) => ({
      place,
      record: record && { ...record, payload: record.payload.slice(0, 1_048_576) },
    }))
  }
}

export class PassesOverNewColumns extends LogReader {
  override linesOf(progress: Progress, lines: readonly LogLine[]): LogLine[] {
    return super
      .linesOf(progress, lines)
      .filter(({ record }) => record === undefined || !('more' in record))
  }
}

export class LogsItsSecret extends LogReader {
  override start(): void {
    this.context.logger.debug('connects', { url: `log://user:${secret}@host` })
    super.start()
  }
}

/** Believes a file of its own more than the checkpoint. */
export class RemembersByItself extends LogReader {
  override advance(progress: Progress, place: number): void {
    super.advance(progress, place)
    this.upstream.remember(progress.split.splitId, place)
  }

  override placeOf({ splitId, place }: LogSplit): number {
    return Math.max(place, this.upstream.remembered(splitId))
  }
}

export class ForgetsItsRows extends TableReader {
  override splitAt(progress: Progress<TableSplit>): TableSplit {
    return { ...super.splitAt(progress), rows: 0 }
  }
}

/** After a restart the rows are those of now, and the stream begins where it was to begin. */
export class LooksAgain extends TableReader {
  override addSplits(splits: readonly TableSplit[]): void {
    for (const split of splits) {
      const { snapshot, place } = split
      super.addSplits([snapshot === undefined ? split : { ...split, snapshot: this.upstream.end }])
      const progress = this.splits.get(split.splitId)
      if (snapshot !== undefined) Object.assign(progress ?? {}, { place, fetched: place })
    }
  }
}

export class BeginsAtTheEnd extends TableReader {
  override handOver(progress: Progress<TableSplit>): void {
    const { end } = this.upstream
    Object.assign(progress, { place: end, fetched: end, buffer: [] })
  }
}

export class IgnoresDeletes extends TableReader {
  override linesOf(progress: Progress<TableSplit>, lines: readonly LogLine[]): LogLine[] {
    return super.linesOf(progress, lines).filter(({ record }) => record?.operation !== 'delete')
  }
}

export class ForgetsTheOldKey extends TableReader {
  override linesOf(progress: Progress<TableSplit>, lines: readonly LogLine[]): LogLine[] {
    return super
      .linesOf(progress, lines)
      .map(({ place, record }) => ({ place, record: record && changesOf(record).at(-1) }))
  }
}

export class SwallowsTruncations extends TableReader {
  override linesOf(progress: Progress<TableSplit>, lines: readonly LogLine[]): LogLine[] {
    return super.linesOf(progress, lines).filter(({ record }) => record?.operation !== 'truncate')
  }
}
