import { expect } from 'vitest'
import type { ErrorCode } from '../src/common/errors.ts'

/** Matches a string that contains `text`; typed, unlike the matcher of the test runner. */
export function containing(text: string): unknown {
  return expect.stringContaining(text)
}

/** Matches a string that fits `pattern`. */
export function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}

/** Matches an error with that code. */
export function errorWith(code: ErrorCode): unknown {
  return expect.objectContaining({ code })
}
