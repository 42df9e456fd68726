import type { Source } from '@flinkts/core/connector'
import type { ValueKind } from '../records/kit-values.ts'

/**
 * What a source promises, declared by the author of its driver. The kit tests what is declared and
 * nothing else: a claim that does not hold fails, and so does one that no check could reach.
 *
 * @public
 */
export interface SourceCapabilities {
  /** As in `Source.replayable`: a restored checkpoint gives the same records again. */
  readonly replayable: boolean
  /** As in `Source.boundedness`. `bounded`: reads what was there at the first start, and ends. */
  readonly boundedness: Source<unknown>['boundedness']
  /**
   * - `single`: the input cannot be divided, one subtask reads it.
   * - `several`: subtasks share the input that is there at the first start.
   * - `discovered`: also the input that is found later.
   */
  readonly splits: 'single' | 'several' | 'discovered'
  /** Whether the records of a split come in the order in which they were written. */
  readonly perSplitOrder: boolean
  /**
   * Whether the system forgets what the source has acknowledged: then it acknowledges no more than
   * the oldest retained checkpoint holds, and all of that.
   */
  readonly prunesOnAck: boolean
  /** Whether what is there at the first start is read in another way than what comes later. */
  readonly snapshotThenStream: boolean
  /** Whether a deletion comes as a record of the operation `delete`. */
  readonly emitsDeletes: boolean
  /** Whether that all is removed at once comes as a record of the operation `truncate`. */
  readonly emitsTruncates: boolean
  /** Whether a lost connection is made again without a failure of the job. */
  readonly reconnects: boolean
  /**
   * The kinds of values, beside text, that come through as they are, in every case that `KitValues`
   * names; `[]`: text alone.
   */
  readonly values: readonly ValueKind[]
}

/** A name of a capability. @public */
export type SourceCapability = keyof SourceCapabilities

/**
 * The capabilities that promise more than the least: each needs a check that reached it. @internal
 */
export function sourceClaims(capabilities: SourceCapabilities): readonly SourceCapability[] {
  const claims: SourceCapability[] = ['boundedness']
  if (capabilities.splits !== 'single') claims.push('splits')
  if (capabilities.values.length > 0) claims.push('values')
  return [...claims, ...promises.filter((name) => capabilities[name])]
}

const promises = [
  'replayable',
  'perSplitOrder',
  'prunesOnAck',
  'snapshotThenStream',
  'emitsDeletes',
  'emitsTruncates',
  'reconnects',
] as const satisfies readonly SourceCapability[]

/** What contradicts itself in a declaration, as sentences. @internal */
export function sourceContradictions(capabilities: SourceCapabilities): readonly string[] {
  return rules.filter(({ broken }) => broken(capabilities)).map(({ says }) => says)
}

const rules: readonly {
  readonly broken: (capabilities: SourceCapabilities) => boolean
  readonly says: string
}[] = [
  {
    broken: ({ boundedness, splits }) => boundedness === 'bounded' && splits === 'discovered',
    says: 'what a bounded source reads is decided at its first start: nothing is discovered later',
  },
  {
    broken: ({ boundedness, snapshotThenStream }) =>
      boundedness === 'bounded' && snapshotThenStream,
    says: 'a bounded source has no stream',
  },
  {
    broken: ({ boundedness, emitsDeletes, emitsTruncates }) =>
      boundedness === 'bounded' && (emitsDeletes || emitsTruncates),
    says: 'a bounded source reads what is there, and never what was deleted',
  },
  {
    broken: ({ prunesOnAck, replayable }) => prunesOnAck && !replayable,
    says: 'what is acknowledged from checkpoints is replayable up to there',
  },
]
