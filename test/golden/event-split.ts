import type { Serializer } from '@flinkts/core/connector'
import { type GeneratorState, initialState } from './event-generator.ts'

/** Events that a reader has still to emit: from `generator.next` (inclusive) to `end`. */
export interface EventSplit {
  readonly splitId: string
  /** The position: what makes the events go on where they were. */
  readonly generator: GeneratorState
  /** Exclusive. */
  readonly end: number
}

export function firstSplit({ seed, end }: { seed: number; end: number }): EventSplit {
  return { splitId: 'events', generator: initialState(seed), end }
}

export const splitSerializer: Serializer<EventSplit> = {
  version: 1,
  serialize: (split) => Buffer.from(JSON.stringify(split)),
  deserialize: (_version, bytes) => JSON.parse(Buffer.from(bytes).toString()) as EventSplit,
}
