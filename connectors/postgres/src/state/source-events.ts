import { FlinktsError } from '@flinkts/core/connector'
import type { SourceEvent } from '@flinkts/core/connector'
import type { SnapshotRange } from '../snapshot/key-range.ts'

/**
 * Reader to enumerator: a chunk was read and emitted. The reader keeps it in its state until it is
 * told `chunks-stored`. @internal
 */
export interface ChunkFinished extends SourceEvent {
  readonly type: 'chunk-finished'
  readonly splitId: string
  readonly table: string
  readonly index: number
  readonly ranges: readonly SnapshotRange[]
}

/**
 * Enumerator to reader: a completed checkpoint has these chunks in the enumerator's state.
 * @internal
 */
export interface ChunksStored extends SourceEvent {
  readonly type: 'chunks-stored'
  readonly splitIds: readonly string[]
}

/** @throws FlinktsError FLINKTS_ASSERTION_FAILED @internal */
export function asChunkFinished(event: SourceEvent): ChunkFinished {
  if (isChunkFinished(event)) return event
  throw unknownEvent(event)
}

/** @throws FlinktsError FLINKTS_ASSERTION_FAILED @internal */
export function asChunksStored(event: SourceEvent): ChunksStored {
  if (isChunksStored(event)) return event
  throw unknownEvent(event)
}

function isChunkFinished(event: SourceEvent): event is ChunkFinished {
  return event.type === 'chunk-finished'
}

function isChunksStored(event: SourceEvent): event is ChunksStored {
  return event.type === 'chunks-stored'
}

function unknownEvent(event: SourceEvent): FlinktsError {
  return new FlinktsError('FLINKTS_ASSERTION_FAILED', `unknown event "${event.type}"`)
}
