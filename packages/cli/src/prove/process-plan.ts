/** What a process of a proof is told to do; its one argument, as JSON. @internal */
export interface ProcessPlan {
  /** The job file. */
  readonly file: string
  readonly parallelism?: number
  readonly checkpointDirectory: string
  /** The scratch copies that the sinks write to, by operator id. */
  readonly copies: Readonly<Record<string, string>>
  /** What a reader emits between two checkpoints, by the operator id of its source. */
  readonly recordsPerCheckpoint: Readonly<Record<string, number>>
  /** Where it kills itself; absent: it runs to the end. */
  readonly kill?: Kill
}

/** A moment of a source or sink, and which time of it, from 1. @internal */
export interface Kill {
  readonly operatorId: string
  readonly moment: string
  readonly nth: number
}

/** What a process tells, one line of JSON each, on the stream of this number. @internal */
export type ProcessMessage =
  | { readonly type: 'killed' }
  | ({ readonly type: 'finished' } & ProcessCounts)
  | { readonly type: 'failed'; readonly failure: ProcessFailure }

/** What happened in a process that ran to its end. @internal */
export interface ProcessCounts {
  /** How often each moment came, by `momentName`. */
  readonly moments: Readonly<Record<string, number>>
  /** How many records each source emitted, by operator id. */
  readonly records: Readonly<Record<string, number>>
}

/** What made the job of a process fail. @internal */
export interface ProcessFailure {
  readonly code: string
  readonly message: string
}

/** @internal */
export const messageStream = 3

/** @internal */
export function momentName({ operatorId, moment }: Pick<Kill, 'operatorId' | 'moment'>): string {
  return `${moment}@${operatorId}`
}
