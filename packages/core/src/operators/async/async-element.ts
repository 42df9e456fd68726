/** What the function of an async operator came to. @internal */
export type AsyncOutcome =
  | { readonly type: 'result'; readonly result: unknown }
  | { readonly type: 'failure'; readonly cause: unknown }

/** Between records, in order with them: a watermark, or a change of idleness. @internal */
export type AsyncEvent =
  | { readonly type: 'watermark'; readonly timestamp: number }
  | { readonly type: 'idle'; readonly idle: boolean }

/** A record whose function is called. @internal */
export interface AsyncRecord {
  readonly type: 'record'
  readonly value: unknown
  readonly timestamp: number
  /** `undefined`: it is under way. Set once. */
  outcome: AsyncOutcome | undefined
}

/** What is in the queue of an async operator. @internal */
export type AsyncElement = AsyncRecord | AsyncEvent
