import type { Serializer, SourceSplit } from '@flinkts/core/connector'
import { fieldOf, jsonSerializer } from './state/json-serializer.ts'
import type { KeyColumn, KeyText } from './snapshot/key-order.ts'
import type { SnapshotRange } from './snapshot/key-range.ts'

/**
 * A chunk of a table: the rows with keys from `lower` to `upper`, for any reader.
 *
 * @public
 */
export interface SnapshotSplit extends SourceSplit {
  readonly type: 'snapshot'
  /** `schema.name` */
  readonly table: string
  /** Place of the chunk among those of its table, from 0, in the order of the key. */
  readonly index: number
  /** The key of the table. */
  readonly key: readonly KeyColumn[]
  /** Inclusive; undefined: from the first row. */
  readonly lower: KeyText | undefined
  /** Exclusive; undefined: to the last row. */
  readonly upper: KeyText | undefined
  /** What `source.lsn` of the rows says. */
  readonly lsn: string
  /** What was read and emitted so far, in the order of the key, from `lower` on. */
  readonly ranges: readonly SnapshotRange[]
  /** Whether `ranges` cover the chunk. */
  readonly finished: boolean
}

/** A table in the stream. @public */
export interface StreamTable {
  /** `schema.name` */
  readonly table: string
  readonly key: readonly KeyColumn[]
  /** `schemaFingerprint` of the last columns that records of the table had. */
  readonly schema: string
  /**
   * Which snapshot read what; empty: no snapshot holds any of the changes that are still to come.
   */
  readonly ranges: readonly SnapshotRange[]
}

/**
 * The changes of all tables, for one reader.
 *
 * @public
 */
export interface StreamSplit extends SourceSplit {
  readonly type: 'stream'
  /** The cluster that the positions belong to. */
  readonly systemId: string
  /** `X/Y`: every transaction that ends at or before it was emitted, whole. */
  readonly endLsn: string
  /** `X/Y`: the commit position of the transaction that was cut; undefined: none is open. */
  readonly openLsn: string | undefined
  /** The number of its changes, counted before all filters, that were emitted or passed over. */
  readonly openIndex: number
  /**
   * `X/Y`: transactions that commit at or after it are in no snapshot, so `ranges` are not asked
   * any more; undefined: not known yet.
   */
  readonly joinLsn: string | undefined
  readonly tables: readonly StreamTable[]
}

/** A part of the source that one reader reads. @public */
export type PostgresSplit = SnapshotSplit | StreamSplit

/** @internal */
export const streamSplitId = 'stream'

/** @internal */
export function snapshotSplitId(table: string, index: number): string {
  return `snapshot:${table}:${index}`
}

/** Splits as JSON, version 1. @internal */
export const splitSerializer: Serializer<PostgresSplit> = jsonSerializer(
  'a split of a Postgres source',
  (value): value is PostgresSplit => {
    const type = fieldOf(value, 'type')
    const known = type === 'snapshot' || type === 'stream'
    return known && typeof fieldOf(value, 'splitId') === 'string'
  },
)
