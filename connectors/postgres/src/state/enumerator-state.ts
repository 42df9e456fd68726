import type { Serializer } from '@flinkts/core/connector'
import { fieldOf, jsonSerializer } from './json-serializer.ts'
import type { KeyColumn, KeyText } from '../snapshot/key-order.ts'
import type { SnapshotRange } from '../snapshot/key-range.ts'
import { mergeRanges } from '../snapshot/key-range.ts'
import type { SnapshotSplit, StreamSplit } from '../split.ts'
import { snapshotSplitId, streamSplitId } from '../split.ts'

/** What a source reads: rows that exist, changes, or both. @public */
export type SourceMode = 'snapshot-and-stream' | 'snapshot-only' | 'stream-only'

/** What was read of a chunk. @public */
export interface FinishedChunk {
  readonly index: number
  readonly ranges: readonly SnapshotRange[]
}

/** A table and how far its snapshot is. @public */
export interface PlannedTable {
  /** `schema.name` */
  readonly table: string
  readonly key: readonly KeyColumn[]
  /** `schemaFingerprint` of the columns when the source started. */
  readonly schema: string
  /**
   * The keys at which the table is cut: chunk i ends at bound i; there is one chunk more than
   * bounds.
   */
  readonly bounds: readonly KeyText[]
  /** Chunks below it were handed to readers. */
  readonly next: number
  /** Chunks that were read, of which the stream split needs to know. */
  readonly finished: readonly FinishedChunk[]
}

/**
 * What the enumerator remembers: nothing yet, until slot and chunks are there; then the chunks;
 * then only that the stream was handed to a reader.
 *
 * @public
 */
export type EnumeratorState =
  | { readonly phase: 'preparing' }
  | {
      readonly phase: 'snapshot'
      readonly mode: SourceMode
      /** The cluster that `lsn` belongs to. */
      readonly systemId: string
      /** `X/Y`: every transaction that commits after it is in the stream. */
      readonly lsn: string
      readonly tables: readonly PlannedTable[]
    }
  | {
      readonly phase: 'streaming'
      readonly systemId: string
      /** `schema.name` */
      readonly tables: readonly string[]
    }

/** The state while chunks are read. @internal */
export type SnapshotPhase = Extract<EnumeratorState, { readonly phase: 'snapshot' }>

/** The state as JSON, version 1. @internal */
export const enumeratorStateSerializer: Serializer<EnumeratorState> = jsonSerializer(
  'the state of a Postgres source',
  (value): value is EnumeratorState => {
    const phase = fieldOf(value, 'phase')
    return phase === 'preparing' || phase === 'snapshot' || phase === 'streaming'
  },
)

/** @internal */
export function chunkCount(table: PlannedTable): number {
  return table.bounds.length + 1
}

/** A chunk that nothing was read of yet. @internal */
export function snapshotSplit(table: PlannedTable, index: number, lsn: string): SnapshotSplit {
  return {
    type: 'snapshot',
    splitId: snapshotSplitId(table.table, index),
    table: table.table,
    index,
    key: table.key,
    lower: table.bounds[index - 1],
    upper: table.bounds[index],
    lsn,
    ranges: [],
    finished: false,
  }
}

/** The stream of all tables, joined to what was read of them. @internal */
export function streamSplit(state: SnapshotPhase): StreamSplit {
  return {
    type: 'stream',
    splitId: streamSplitId,
    systemId: state.systemId,
    endLsn: state.lsn,
    openLsn: undefined,
    openIndex: 0,
    joinLsn: undefined,
    tables: state.tables.map(({ table, key, schema, bounds, finished }) => {
      const chunks = finished.toSorted((a, b) => a.index - b.index)
      const ranges = chunks.flatMap((chunk) => closedAt(chunk.ranges, bounds[chunk.index]))
      return { table, key, schema, ranges: mergeRanges(ranges) }
    }),
  }
}

/** The last range of a chunk ends where the chunk ends. */
function closedAt(
  ranges: readonly SnapshotRange[],
  upper: KeyText | undefined,
): readonly SnapshotRange[] {
  return ranges.map((range) =>
    range.end === undefined ? { ...range, end: upper, inclusive: false } : range,
  )
}
