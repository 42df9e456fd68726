/**
 * A message between the enumerator and a reader of the same source. Plain data that structured
 * clone keeps (it may cross threads). Delivered in order, once, in both directions, within an
 * attempt. An event is not part of any checkpoint: whoever sends one keeps what it says in its own
 * state until the other side has confirmed it by an event of its own.
 *
 * @public
 */
export interface SourceEvent {
  readonly type: string
}

/**
 * A checkpoint completed, and what that makes forgettable. A notice may come late, twice, behind
 * that of a newer checkpoint, or never: what is acknowledged only goes forward. The checkpoint that
 * is retained may be one that an earlier attempt has taken.
 *
 * @public
 */
export interface CheckpointNotice {
  /** The checkpoint that completed. */
  readonly checkpointId: number
  /**
   * The oldest checkpoint that is still retained, <= `checkpointId`. A later restore goes to it or
   * to a newer one: acknowledge upstream what *it* holds, and never more.
   */
  readonly oldestRetainedId: number
}
