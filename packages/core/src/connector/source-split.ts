/**
 * A part of a source that one reader reads: a file, a partition, a key range. Plain data. @public
 */
export interface SourceSplit {
  /** Unique in the source, for ever. */
  readonly splitId: string
}
