import { expect } from 'vitest'

/** Matches text that contains `part`. */
export function containing(part: string): string {
  return expect.stringContaining(part) as string
}

/** Matches text that the form fits. */
export function matching(form: RegExp): string {
  return expect.stringMatching(form) as string
}
