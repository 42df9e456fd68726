import type {
  InputStatus,
  Source,
  SourceOutput,
  SourceReader,
  SourceSplit,
  SplitOutput,
} from '@flinkts/core/connector'
import { sourceWithMoments, type SourceHooks } from '@flinkts/core/testing'
import type { Emitted } from '../../engine/source/source-checkpoint.ts'
import type { KitRecord } from '../../records/kit-record.ts'

/** What a process wants to know of its source. @internal */
export interface PacedHooks extends Pick<SourceHooks<Emitted>, 'reach'> {
  readonly toRecords: (emitted: unknown) => readonly KitRecord[]
  readonly onRecord: (record: KitRecord) => void
  /** Called when a reader has heard of a completed checkpoint. */
  readonly onCheckpoint: (checkpointId: number) => void
}

/** Records of a reader between two checkpoints. */
const recordsPerCheckpoint = 5

/**
 * A source of the kit's records that emits no more than a few of them for each checkpoint, so that
 * there are many checkpoints whatever the speed of the machine, and that tells where it is.
 *
 * @internal
 */
export function pacedReaders(
  source: Source<unknown>,
  hooks: PacedHooks,
): Source<Emitted, SourceSplit, unknown, true> {
  const paced = sourceWithMoments(kitRecords(source, hooks), {
    recordsPerCheckpoint,
    reach: (moment) => hooks.reach(moment),
    onRecord: ({ record }) => hooks.onRecord(record),
  })
  // Processes are for the restarts of sources that are.
  return { ...paced, replayable: true }
}

/** The same source, of what its records are for the kit; what is none is left out. */
function kitRecords(source: Source<unknown>, hooks: PacedHooks): Source<Emitted> {
  return {
    description: source.description,
    boundedness: source.boundedness,
    replayable: source.replayable,
    mechanism: source.mechanism,
    splitSerializer: source.splitSerializer,
    enumeratorStateSerializer: source.enumeratorStateSerializer,
    createEnumerator: (context, restored) => source.createEnumerator(context, restored),
    createReader: (context) => kitReader(source.createReader(context), hooks),
  }
}

function kitReader(
  reader: SourceReader<unknown, SourceSplit>,
  hooks: PacedHooks,
): SourceReader<Emitted, SourceSplit> {
  return {
    start: () => reader.start(),
    pollNext: (output: SourceOutput<Emitted>): InputStatus =>
      reader.pollNext({
        forSplit: (splitId) => kitOutput(splitId, output.forSplit(splitId), hooks),
        releaseSplit: (splitId) => output.releaseSplit(splitId),
      }),
    available: () => reader.available(),
    addSplits: (splits) => reader.addSplits(splits),
    notifyNoMoreSplits: () => reader.notifyNoMoreSplits(),
    handleSourceEvent: (event) => reader.handleSourceEvent?.(event),
    snapshotState: (checkpointId) => reader.snapshotState(checkpointId),
    notifyCheckpointComplete(notice) {
      reader.notifyCheckpointComplete?.(notice)
      hooks.onCheckpoint(notice.checkpointId)
    },
    close: () => reader.close(),
  }
}

function kitOutput(
  splitId: string,
  output: SplitOutput<Emitted>,
  { toRecords }: PacedHooks,
): SplitOutput<unknown> {
  return {
    collect(value, timestamp) {
      let more = true
      for (const record of toRecords(value)) more = output.collect({ splitId, record }, timestamp)
      return more
    },
    collectSide: (tag, value, timestamp) => output.collectSide(tag, value, timestamp),
    emitWatermark: (timestamp) => output.emitWatermark(timestamp),
    markIdle: () => output.markIdle(),
  }
}
