import { expect } from 'vitest'

/** A string with `text` in it; typed, where Vitest's own is not. */
export function containing(text: string): unknown {
  return expect.stringContaining(text)
}

/** A string that `pattern` matches. */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}
