import {
  type Serializer,
  type SingleSplit,
  singleSplit,
  type Source,
  type SourceOutput,
  type SourceReader,
  type SourceReaderContext,
} from '@flinkts/core/connector'
import { resultOf, type VisibleRecord } from '../../../src/records/kit-record.ts'
import { LogReader, type LogSplit, type Progress } from './log-reader.ts'
import { jsonSerializer } from './log-source.ts'
import { changesOf, type LogLine, type LogRecord, type LogUpstream } from './log-upstream.ts'

/** The snapshot, and then the log behind it. */
export interface TableSplit extends LogSplit {
  /** What the snapshot shows: the log up to this place; undefined: it has not begun. */
  readonly snapshot: number | undefined
  /** Rows of the snapshot that were emitted. */
  readonly rows: number
}

/** The smallest source of a snapshot and a stream that keeps every promise. */
export class TableSource implements Source<LogRecord, TableSplit, boolean, true> {
  readonly description = 'the table of a test'
  readonly boundedness = 'continuous-unbounded'
  readonly replayable = true
  readonly mechanism = 'the row of the snapshot, and then the place in the log'
  readonly splitSerializer: Serializer<TableSplit> = jsonSerializer<TableSplit>()
  readonly enumeratorStateSerializer: Serializer<boolean> = jsonSerializer<boolean>()
  readonly createEnumerator: SingleSplit<TableSplit>['createEnumerator'] = singleSplit<TableSplit>({
    splitId: 'all',
    snapshot: undefined,
    rows: 0,
    place: 0,
    end: undefined,
  }).createEnumerator
  protected readonly upstream: LogUpstream

  constructor(upstream: LogUpstream) {
    this.upstream = upstream
  }

  createReader(context: SourceReaderContext): SourceReader<LogRecord, TableSplit> {
    return new TableReader(this.upstream, context)
  }
}

/** Emits the rows first, a few a time, and then reads the log as others do. */
export class TableReader extends LogReader<TableSplit> {
  protected table: TableSplit | undefined
  #rows: readonly VisibleRecord[] = []

  override addSplits(splits: readonly TableSplit[]): void {
    const [split] = splits
    if (split === undefined) return
    const snapshot = split.snapshot ?? this.upstream.end
    const place = Math.max(split.place, snapshot)
    this.table = { ...split, snapshot }
    const seen = this.upstream.after(0, snapshot)
    this.#rows = resultOf(
      seen.flatMap(({ record }) => (record === undefined ? [] : changesOf(record))),
    ).toSorted((left, right) => left.split - right.split || left.seq - right.seq)
    super.addSplits([{ ...split, place }])
  }

  override emit(progress: Progress<TableSplit>, output: SourceOutput<LogRecord>): boolean {
    const { table } = this
    if (table === undefined) return true
    for (let { rows } = table; rows < this.#rows.length; ) {
      const row = this.#rows[rows]
      rows += 1
      this.table = { ...table, rows }
      if (rows === this.#rows.length) this.handOver(progress)
      const record: LogRecord = { ...(row as VisibleRecord), operation: 'write' }
      if (!output.forSplit(table.splitId).collect(record)) return false
    }
    return super.emit(progress, output)
  }

  /** The last row was emitted. */
  handOver(_progress: Progress<TableSplit>): void {}

  override linesOf(_progress: Progress<TableSplit>, lines: readonly LogLine[]): LogLine[] {
    return lines.filter(({ record }) => record !== undefined)
  }

  override splitAt(progress: Progress<TableSplit>): TableSplit {
    const { snapshot, rows } = this.table ?? progress.split
    return { ...super.splitAt(progress), snapshot, rows }
  }
}
