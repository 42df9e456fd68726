import type { Mutant } from './mutant.ts'

const source = 'packages/core/src'
const test = 'packages/core/test'

/** Timers, watermarks, and to which key something belongs. */
export const timeMutants: readonly Mutant[] = [
  {
    name: 'timer-fires-twice',
    breaks: 'a timer that was deleted and registered again fires twice, and one deleted fires',
    file: `${source}/operators/keyed-timers.ts`,
    find: '      if (this.#take(timestamp)) return timestamp\n',
    replace: '      this.#take(timestamp)\n      return timestamp\n',
    tests: [`${test}/operators/keyed-timers.test.ts`],
  },
  {
    name: 'fired-timer-stays',
    breaks: 'the timer of a key stays in state when it has fired, and fires again after a restore',
    file: `${source}/operators/keyed-timers.ts`,
    find: '      if (stored === timestamp) this.#state.clear()\n',
    replace: '',
    tests: [`${test}/operators/keyed-timers.test.ts`],
  },
  {
    name: 'timer-lost-among-many',
    breaks: 'of a key with several timers, the one that makes them many is not kept',
    file: `${source}/operators/keyed-timers.ts`,
    find: 'new Set([...stored, timestamp])',
    replace: 'new Set(stored)',
    tests: [`${test}/operators/keyed-timers.test.ts`],
  },
  {
    name: 'clock-fires-after-the-end',
    breaks: 'processing-time timers fire after the input has ended',
    file: `${source}/operators/processing-timers.ts`,
    find: '    this.#quiet = true\n    this.#armed?.cancel()\n',
    replace: '',
    tests: [`${test}/operators/keyed-timers.test.ts`],
  },
  {
    name: 'idle-loses-the-maximum',
    breaks: 'when the last channel turns idle that held time back, what the others had is lost',
    file: `${source}/time/watermark-valve.ts`,
    find: '    if (last) this.#emitMaximum()\n',
    replace: '',
    tests: [`${test}/time/watermark-valve.test.ts`],
  },
  {
    name: 'unaligned-channel-holds-back',
    breaks: 'a channel that wakes up behind counts at once, so that nothing advances',
    file: `${source}/time/watermark-valve.ts`,
    find: '    status.aligned = status.watermark >= this.#emitted\n',
    replace: '    status.aligned = true\n',
    tests: [`${test}/time/watermark-valve.test.ts`],
  },
  {
    name: 'key-type-unnoticed',
    breaks: 'a job whose keys are of another type than in its checkpoint starts from nothing',
    file: `${source}/state/heap-state-backend.ts`,
    find: '    this.#kindDoubtful = true\n',
    replace: '',
    tests: [`${test}/state/key-kind.test.ts`, `${test}/operators/key-type-change.test.ts`],
  },
  {
    name: 'broadcast-sees-the-last-key',
    breaks: 'a broadcast record reads the state of the key of the record before it',
    file: `${source}/operators/broadcast/keyed-broadcast-process.ts`,
    find: '        this.#runtime.leaveKey()\n',
    replace: '',
    tests: [`${test}/api/keyless.test.ts`],
  },
]
