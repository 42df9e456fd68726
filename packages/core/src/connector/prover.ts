import type { Sink } from './sink.ts'
import type { Source } from './source.ts'

/** A record as a target shows it. @public */
export interface CommittedRecord {
  /** What tells it from all others of the target, if there is such a thing: the key of a row. */
  readonly key?: string
  /** All that is compared, for people too. */
  readonly text: string
}

/**
 * How `flinkts prove` runs a sink on a scratch copy of its target, and sees what became of it. It
 * is no part of the sink: it reads the target as anybody would. Methods that take the name of a
 * copy are called in other processes too.
 *
 * @public
 */
export interface SinkProver<In> {
  /** Makes an empty copy of the target that nothing else uses. Its name holds no secrets. */
  setup(): Promise<string>
  /** The same sink, writing to that copy. Called often. */
  createSink(copy: string): Sink<In>
  /** All that anybody would see in the copy now, in any order. */
  readCommitted(copy: string): Promise<readonly CommittedRecord[]>
  /** What of the copy is in no record, because it differs from run to run, and why. */
  leavesOut?(copy: string): Promise<readonly string[]>
  /** Names of what is written or prepared in the copy and neither visible nor gone. */
  listInFlight(copy: string): Promise<readonly string[]>
  /** Removes the copy, and all that is in it or prepared for it. */
  clean(copy: string): Promise<void>
}

/** How `flinkts prove` reads the same input many times. @public */
export interface SourceProver<Out> {
  /**
   * The source, bounded to what is there, replayable, and without a trace upstream: it acknowledges
   * nothing and leaves nothing behind. Called often.
   */
  createSource(): Source<Out>
}
