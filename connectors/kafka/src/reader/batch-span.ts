import { readInt64 } from '../records/int64.ts'
import { batchLayout, batchMagic, lengthOverheadBytes } from '../records/record-batch.ts'

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
 * Looks at headers only, so that the next fetch can start before anything is decoded. What is no
 * batch of version 2 ends the walk, and is left for the decoder to refuse.
 *
 * @internal
 */
export function spanOf(bytes: Buffer, fetchOffset: number): BatchSpan {
  let [start, batchCount, nextOffset, leaderEpoch] = [0, 0, fetchOffset, -1]
  while (bytes.length - start >= lengthOverheadBytes) {
    const length = bytes.readInt32BE(start + batchLayout.length)
    const endOfBatch = start + lengthOverheadBytes + length
    if (endOfBatch > bytes.length) break
    if (length < batchLayout.records - lengthOverheadBytes) return refused(fetchOffset)
    if (bytes.readInt8(start + batchLayout.magic) !== batchMagic) return refused(fetchOffset)
    const lastOffsetDelta = bytes.readInt32BE(start + batchLayout.lastOffsetDelta)
    nextOffset = readInt64(bytes, start + batchLayout.baseOffset) + lastOffsetDelta + 1
    leaderEpoch = bytes.readInt32BE(start + batchLayout.partitionLeaderEpoch)
    batchCount += 1
    start = endOfBatch
  }
  const truncatedBatchBytes = start === bytes.length ? 0 : sizeAt(bytes, start)
  return { batchCount, nextOffset, leaderEpoch, truncatedBatchBytes }
}

function sizeAt(bytes: Buffer, start: number): number {
  if (bytes.length - start < lengthOverheadBytes) return lengthOverheadBytes
  return lengthOverheadBytes + bytes.readInt32BE(start + batchLayout.length)
}

/** One batch, which the decoder throws at. */
function refused(fetchOffset: number): BatchSpan {
  return { batchCount: 1, nextOffset: fetchOffset, leaderEpoch: -1, truncatedBatchBytes: 0 }
}
