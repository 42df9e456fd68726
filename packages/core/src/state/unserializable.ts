import { Buffer } from 'node:buffer'

/** The part of a value that has no serial form. @internal */
export interface Unserializable {
  /**
   * The way to it: `.customer.address[3]`; empty for the value itself. Keys of maps are not shown.
   */
  readonly path: string
  /** What it is, with an article: `a function`. */
  readonly what: string
}

/**
 * Finds the first part of `value` that the codec of values cannot write. It walks the value again,
 * which keeps paths off the way of values that can be written. `depthMax`: how deep values may be.
 *
 * @internal
 */
export function findUnserializable(value: unknown, depthMax: number): Unserializable {
  const found = find({ value, path: '', depth: 0 }, depthMax)
  return found ?? { path: '', what: 'a value that changed while it was written' }
}

interface Part {
  readonly value: unknown
  readonly path: string
  readonly depth: number
}

function find(part: Part, depthMax: number): Unserializable | undefined {
  const { value, path, depth } = part
  if (typeof value === 'function') return { path, what: 'a function' }
  if (typeof value === 'symbol') return { path, what: 'a symbol' }
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === depthMax) {
    return { path: shorten(path), what: `a cycle, or a value nested deeper than ${depthMax},` }
  }
  const children = childrenOf(value)
  if (children === undefined) return { path, what: `an instance of the class "${classOf(value)}"` }
  for (const [step, child] of children) {
    const found = find({ value: child, path: path + step, depth: depth + 1 }, depthMax)
    if (found !== undefined) return found
  }
  return undefined
}

/** The parts of a value, with the step to each; `undefined` if it is no plain data. */
function childrenOf(value: object): Iterable<readonly [string, unknown]> | undefined {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null || prototype === Object.prototype) {
    return Object.entries(value).map(([name, child]) => [stepTo(name), child])
  }
  switch (prototype) {
    case Array.prototype:
      return (value as readonly unknown[]).map((child, i) => [`[${i}]`, child])
    case Set.prototype:
      return [...(value as Set<unknown>)].map((child, i) => [`<element ${i}>`, child])
    case Map.prototype:
      return [...(value as Map<unknown, unknown>)].flatMap(([key, child], i) => [
        [`<key ${i}>`, key],
        [`<value ${i}>`, child],
      ])
    case Date.prototype:
    case Uint8Array.prototype:
    case Buffer.prototype:
      return []
    default:
      return undefined
  }
}

function stepTo(name: string): string {
  return /^[\w$]+$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
}

function classOf(value: object): string {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null) return 'unknown'
  const { constructor } = prototype
  return typeof constructor === 'function' ? constructor.name : 'unknown'
}

/** A path into a cycle repeats itself: its start is enough. */
function shorten(path: string): string {
  return path.length <= 80 ? path : `${path.slice(0, 80)}…`
}
