import type { Mutant } from './mutant.ts'

const windows = 'packages/core/src/operators/window'
const test = 'packages/core/test/operators/window'

/** Windows: when they fire, how they merge, and that they end. */
export const windowMutants: readonly Mutant[] = [
  {
    name: 'window-cleanup-forgotten',
    breaks: 'a window registers no timer for its end, and stays in state for ever',
    file: `${windows}/window-operator.ts`,
    find: '    if (at === Infinity) return\n',
    replace: '    if (at > 0) return\n',
    tests: [`${test}/window-operator.test.ts`],
  },
  {
    name: 'session-merge-loses-trigger-state',
    breaks: 'what triggers remember of sessions is lost when these merge',
    file: `${windows}/trigger-runtime.ts`,
    find: '      triggerState === undefined ? [] : [triggerState],',
    replace: '      triggerState === undefined || merged.length > 0 ? [] : [triggerState],',
    tests: [`${test}/conformance-sessions.test.ts`],
  },
  {
    name: 'window-ends-before-its-emission',
    breaks: 'a window ends while what it fired is still being emitted',
    file: `${windows}/window-operator.ts`,
    find: '    if (this.#isCleanup(live, domain, timestamp)) this.#ending = live\n',
    replace: '    if (this.#isCleanup(live, domain, timestamp)) this.#end(live)\n',
    tests: [`${test}/window-operator.test.ts`],
  },
  {
    name: 'window-late-again-after-restore',
    breaks: 'the watermark is not restored: what was late comes in again',
    file: `${windows}/window-operator.ts`,
    find: '    this.#time.restore()\n',
    replace: '',
    tests: [`${test}/conformance-time.test.ts`, `${test}/window-operator.test.ts`],
  },
  {
    name: 'window-timers-lost-in-restore',
    breaks: 'restored windows are not found by the watermark that closes them',
    file: `${windows}/key-windows.ts`,
    find: '        if (hint !== undefined) this.#heaps[domain].add(hint, hash, key)\n',
    replace: '        if (hint === -1) this.#heaps[domain].add(hint, hash, key)\n',
    tests: [`${test}/conformance-time.test.ts`, `${test}/window-rescale.test.ts`],
  },
  {
    name: 'slice-dropped-too-early',
    breaks: 'a slice ends with the first of its windows instead of the last',
    file: `${windows}/live-slices.ts`,
    find: '      if (lastEnd > end) break\n',
    replace: '      if (lastEnd - this.#assigner.windows.slideMs > end) break\n',
    tests: [`${test}/sliced-windows.test.ts`],
  },
  {
    name: 'late-record-fires-all-keys',
    breaks: 'a late record fires its windows of every key again',
    file: `${windows}/sliced-window-operator.ts`,
    find: 'end: this.#time.current + 1 }',
    replace: 'end: this.#time.current - this.#definition.latenessMs }',
    tests: [`${test}/sliced-windows.test.ts`],
  },
  {
    name: 'late-record-fires-nothing',
    breaks: 'a late record that is still allowed does not fire its windows again',
    file: `${windows}/sliced-window-operator.ts`,
    find: 'latenessMs > 0 && kept.some',
    replace: 'latenessMs > 60 && kept.some',
    tests: [`${test}/sliced-windows.test.ts`],
  },
  {
    name: 'slice-contents-shared-by-windows',
    breaks: 'windows merge into the contents of a slice, which others still need',
    file: `${windows}/merged-contents.ts`,
    find: 'merge(this.#functions.create(), this.#merged)',
    replace: 'merge(this.#merged, this.#functions.create())',
    tests: [`${test}/sliced-windows.test.ts`],
  },
  {
    name: 'window-fires-again-on-rescale',
    breaks: 'windows of key groups that were further than others fire again after a rescale',
    file: `${windows}/sliced-window-operator.ts`,
    find: '>= this.#firing.end - 1) continue',
    replace: '>= Infinity) continue',
    tests: [`${test}/sliced-rescale.test.ts`],
  },
]
