import type { Serializer } from '../common/serializer.ts'
import type { Source } from './source.ts'
import type { SourceSplit } from './source-split.ts'

/** What `singleSplit` gives of a source. @public */
export type SingleSplit<Split extends SourceSplit> = Pick<
  Source<unknown, Split, boolean>,
  'enumeratorStateSerializer' | 'createEnumerator'
>

/**
 * The enumerator of a source that cannot be divided: its one split goes to the first reader,
 * without being asked for, and the others get none. Its state: whether a reader has it. Spread it
 * into the source: `{ ...singleSplit(split), createReader, … }`.
 *
 * @public
 */
export function singleSplit<Split extends SourceSplit>(split: Split): SingleSplit<Split> {
  return {
    enumeratorStateSerializer,
    createEnumerator: (context, restored = false) => {
      let assigned = restored
      return {
        start: () => Promise.resolve(),
        addReader: (subtask) => {
          if (!assigned) context.assignSplit(split, subtask)
          assigned = true
          context.signalNoMoreSplits(subtask)
        },
        handleSplitRequest: () => {},
        snapshotState: () => assigned,
        close: () => Promise.resolve(),
      }
    },
  }
}

const enumeratorStateSerializer: Serializer<boolean> = {
  version: 1,
  serialize: (assigned) => Uint8Array.of(assigned ? 1 : 0),
  deserialize: (_version, bytes) => bytes[0] === 1,
}
