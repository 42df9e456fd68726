/**
 * Names a side output of an operator, and carries the type of its records.
 *
 * @public
 */
export interface OutputTag<T> {
  readonly id: string
  /** Carries the type `T`; never set. */
  readonly '~record'?: T
}

/** A side output for records of type `T`; `id` tells it from others of its operator. @public */
export function outputTag<T>(id: string): OutputTag<T> {
  return { id }
}
