import type { Evictor, WindowElement } from './evictor.ts'
import type { Window } from './window.ts'
import type { WindowAggregate } from './window-function.ts'

/**
 * What windows keep of their records. Contents are plain data, never `undefined`: that is a window
 * without records. Runs on the task's thread.
 *
 * @internal
 */
export interface WindowContents {
  /** The contents with one record more; `contents` is not used any more. */
  add(contents: unknown, value: unknown, timestamp: number): unknown
  /** The contents of both; `earlier` is not used any more, and `later` stays as it is. */
  merge(earlier: unknown, later: unknown): unknown
  /**
   * Contents of no record, to merge others into. Only where it does not matter in which order
   * records come: then windows can share the contents of slices.
   */
  create?(): unknown
  /** What the function of the window gets; `noResult`: there is nothing left for it. */
  result(contents: unknown, window: Window): unknown
}

/** @internal */
export const noResult: unique symbol = Symbol('no result')

/** @internal */
export function reducedContents(reduce: (one: unknown, other: unknown) => unknown): WindowContents {
  return {
    add: (contents, value) => (contents === undefined ? value : reduce(contents, value)),
    merge: reduce,
    result: (contents) => contents,
  }
}

/** @internal */
export function aggregatedContents(
  aggregate: WindowAggregate<unknown, unknown, unknown>,
): WindowContents {
  return {
    add: (contents, value) =>
      aggregate.add(contents === undefined ? aggregate.create() : contents, value),
    merge: (earlier, later) => aggregate.merge(earlier, later),
    result: (contents) => aggregate.result(contents),
    create: () => aggregate.create(),
  }
}

/** The records themselves. @internal */
export const listedContents: WindowContents = {
  add: (contents, value) => appended(contents, value),
  merge: (earlier, later) => (earlier as unknown[]).concat(later as unknown[]),
  // A copy: what the function emits of it must not change when the window goes on.
  result: (contents) => (contents as unknown[]).slice(),
}

/**
 * Keeps the records, and gives those that the evictor leaves to `inner` when it fires.
 *
 * @internal
 */
export function evictedContents(evictor: Evictor, inner: WindowContents): WindowContents {
  const resultOf = (elements: readonly WindowElement<unknown>[], window: Window): unknown => {
    let contents: unknown
    for (const { value, timestamp } of elements) contents = inner.add(contents, value, timestamp)
    return contents === undefined ? noResult : inner.result(contents, window)
  }
  return {
    add: (contents, value, timestamp) => appended(contents, { value, timestamp }),
    merge: (earlier, later) => (earlier as unknown[]).concat(later as unknown[]),
    result: (contents, window) => {
      const elements = contents as WindowElement<unknown>[]
      if (evictor.evictBefore) retain(elements, evictor.evictBefore(elements, window))
      const result = resultOf(elements, window)
      if (evictor.evictAfter) retain(elements, evictor.evictAfter(elements, window))
      return result
    },
  }
}

function appended(contents: unknown, element: unknown): unknown {
  if (contents === undefined) return [element]
  ;(contents as unknown[]).push(element)
  return contents
}

/** Makes `elements` what is left of them. */
function retain(elements: WindowElement<unknown>[], left: readonly WindowElement<unknown>[]): void {
  if (left === elements) return
  const kept = left.slice()
  elements.length = 0
  for (const element of kept) elements.push(element)
}
