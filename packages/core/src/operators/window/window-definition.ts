import type { Key } from '../../state/key.ts'
import type { StateDeclarations } from '../../state/state-descriptor.ts'
import type { Trigger } from './trigger.ts'
import type { WindowAssigner } from './window-assigner.ts'
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
