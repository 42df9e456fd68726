import type { Mutant } from './mutant.ts'

const source = 'packages/core/src'
const test = 'packages/core/test'

/** Operators with two inputs, and joins. */
export const joinMutants: readonly Mutant[] = [
  {
    name: 'join-forgets-too-early',
    breaks: 'an interval join drops records a millisecond before the watermark allows it',
    file: `${source}/operators/join/join-buffer.ts`,
    find: '(timestamps[middle] as number) + laterMs',
    replace: '(timestamps[middle] as number) + laterMs - (laterMs > 0 ? 1 : 0)',
    tests: [`${test}/operators/join/conformance.test.ts`],
  },
  {
    name: 'watermark-of-one-input',
    breaks: 'event time of an operator with two inputs is that of its first one',
    file: `${source}/operators/two-inputs.ts`,
    find: '    this.#output = output\n    this.#watermark.add(0)\n    this.#watermark.add(1)\n',
    replace: '    this.#output = output\n    this.#watermark.add(0)\n',
    tests: [`${test}/operators/two-inputs.test.ts`],
  },
  {
    name: 'join-restored-without-clean-ups',
    breaks: 'a restored interval join keeps for ever what it had in the checkpoint',
    file: `${source}/operators/join/interval-join.ts`,
    find: 'this.#cleanUps.add(this.#cleanUpTime(stored as JoinBuffers), hash, key)',
    replace: 'if (this.#cleanUpTime(stored as JoinBuffers) > 0) void [hash, key]',
    tests: [`${test}/operators/join/conformance.test.ts`],
  },
  {
    name: 'window-join-loses-merged-records',
    breaks: 'sessions of a window join that merge keep the right records of the first one only',
    file: `${source}/operators/join/window-join.ts`,
    find: 'right: into.right.concat(other.right)',
    replace: 'right: into.right',
    tests: [`${test}/operators/join/window-join.test.ts`],
  },
]
