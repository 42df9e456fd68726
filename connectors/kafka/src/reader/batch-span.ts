import { FlinktsError } from '@flinkts/core/connector'
import { BatchReader } from '../records/batch-reader.ts'

/** How far the whole batches of a response go. @internal */
export interface BatchSpan {
  readonly batchCount: number
  /** Of the next fetch; that of the last one if there is no whole batch. */
  readonly nextOffset: number
  /** Of the last batch; -1: unknown. */
  readonly leaderEpoch: number
  /** Of the batch that is there in part, as far as known; 0: none. */
  readonly truncatedBatchBytes: number
}

/**
 * Looks at headers only, so that the next fetch can start before anything is decoded. What cannot
 * be read ends the walk, and is left for the decoder, which throws at it with its place.
 *
 * @internal
 */
export function spanOf(bytes: Buffer, fetchOffset: number): BatchSpan {
  const batches = new BatchReader({ checksums: false })
  let [nextOffset, leaderEpoch] = [fetchOffset, -1]
  batches.reset(bytes)
  try {
    while (batches.nextBatch()) {
      nextOffset = batches.nextOffset
      leaderEpoch = batches.partitionLeaderEpoch
    }
  } catch (error) {
    if (error instanceof FlinktsError) return refused(fetchOffset)
    throw error
  }
  const { batchCount, truncatedBatchBytes } = batches
  return { batchCount, nextOffset, leaderEpoch, truncatedBatchBytes }
}

/** One batch, which the decoder throws at. */
function refused(fetchOffset: number): BatchSpan {
  return { batchCount: 1, nextOffset: fetchOffset, leaderEpoch: -1, truncatedBatchBytes: 0 }
}
