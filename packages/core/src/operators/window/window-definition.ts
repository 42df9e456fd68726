import type { Key } from '../../state/key.ts'
import type { StateDeclarations } from '../../state/state-descriptor.ts'
import { canSlice, separateSlices, sharedSlices, type SliceAssigner } from './slices.ts'
import type { Trigger } from './trigger.ts'
import type { AlignedWindows, WindowAssigner } from './window-assigner.ts'
import type { WindowContents } from './window-contents.ts'
import type { WindowFunction } from './window-function.ts'

/** A function of any types. @internal */
export type UntypedWindowFunction = WindowFunction<
  unknown,
  unknown,
  Key,
  StateDeclarations,
  unknown
>

/** The windows of an operator, as the job defines them. @internal */
export interface WindowDefinition {
  readonly selectKey: (value: unknown) => unknown
  readonly assigner: WindowAssigner
  readonly trigger: Trigger<unknown, unknown>
  readonly contents: WindowContents
  /** Without `process`, what the contents give is emitted. */
  readonly function: Partial<UntypedWindowFunction>
  /** How long after its end a window still takes records, in milliseconds; 0 or more. */
  readonly latenessMs: number
  /** The side output of records that come too late. */
  readonly lateTag: string | undefined
}

/**
 * Windows that a `SlicedWindowOperator` can do: aligned ones that fire when they end, and for each
 * late record.
 *
 * @internal
 */
export interface SlicedWindowDefinition extends WindowDefinition {
  readonly slices: SliceAssigner
  /**
   * Whether records of a slice may be combined before they are sent to the operator: only how they
   * come together matters, and not which of them came late.
   */
  readonly canCombine: boolean
}

/**
 * The same windows with slices, if that gives the same results.
 *
 * @internal
 */
export function sliced(definition: WindowDefinition): SlicedWindowDefinition | undefined {
  const { assigner, contents, trigger, latenessMs, lateTag } = definition
  const { aligned, defaultTrigger } = assigner
  if (aligned === undefined || !canSlice(aligned) || trigger !== defaultTrigger) return undefined
  const { windowState, clear } = definition.function
  if (windowState !== undefined || clear !== undefined) return undefined
  const areShared = contents.create !== undefined
  return {
    ...definition,
    slices: areShared ? sharedSlices(aligned) : separateSlices(aligned),
    canCombine: areShared && !hasGaps(aligned) && latenessMs === 0 && lateTag === undefined,
  }
}

/** Whether a record can be of no window. */
function hasGaps({ sizeMs, slideMs }: AlignedWindows): boolean {
  return slideMs > sizeMs
}
