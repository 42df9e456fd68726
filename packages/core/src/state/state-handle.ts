import { defined, unreachable } from '../common/assert.ts'
import type { CurrentEntry } from './current-entry.ts'
import {
  HeapAggregatingState,
  HeapListState,
  HeapMapState,
  HeapReducingState,
  HeapValueState,
} from './heap-states.ts'
import type { StateDescriptor } from './state-descriptor.ts'
import { TimedEntry, TimedListState, TimedMapState } from './timed-states.ts'

/** Where a handle works. @internal */
export interface HandleParts {
  readonly operatorId: string
  readonly entry: CurrentEntry
  /** The time by which values expire; see `TtlTime`. */
  readonly now: () => number
}

/** The handle of a declared state. @internal */
export function createHandle(descriptor: StateDescriptor<unknown>, parts: HandleParts): unknown {
  const { kind, ttl } = descriptor
  const { operatorId, entry, now } = parts
  const time = ttl === undefined ? undefined : { ttl, now }
  switch (kind) {
    case 'list':
      return time === undefined ? new HeapListState(entry) : new TimedListState(entry, time)
    case 'map':
      return time === undefined
        ? new HeapMapState(entry, operatorId)
        : new TimedMapState(entry, operatorId, time)
    case 'value':
    case 'reducing':
    case 'aggregating':
      return singleHandle(descriptor, time === undefined ? entry : new TimedEntry(entry, time))
    default:
      return unreachable(kind)
  }
}

function singleHandle(
  { kind, reduce, aggregate }: StateDescriptor<unknown>,
  entry: CurrentEntry | TimedEntry,
): unknown {
  if (kind === 'value') return new HeapValueState(entry)
  if (kind === 'reducing') {
    return new HeapReducingState(entry, defined(reduce, 'a reducing state has a function'))
  }
  return new HeapAggregatingState(entry, defined(aggregate, 'an aggregating state has functions'))
}
