import { expect, test } from 'vitest'
import { play, type Windowing, WindowRun } from './window-run.ts'

/** A case of the conformance list. */
export interface ConformanceCase {
  readonly name: string
  readonly windows: Windowing
  readonly script: string
}

/** Plays each case as it is, and restored after every single element and watermark. */
export function testCases(cases: readonly ConformanceCase[]): void {
  for (const { name, windows, script } of cases) {
    test(name, async () => {
      expect(await play(new WindowRun(windows), script, { restoreAlways: false })).toEqual([])
    })
    test(`${name}, restored after every element`, async () => {
      expect(await play(new WindowRun(windows), script, { restoreAlways: true })).toEqual([])
    })
  }
}

/** What several cases begin with. */
export const eightItems = 'k2@3999 k2@3000 k1@20 k1@0 k1@999 k2@1998 k2@1999 k2@1000'
