import { observed } from '../../engine/sink/commit.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { violation } from '../../engine/violation.ts'
import type { KitRecord } from '../../records/kit-record.ts'
import type { SinkCheck } from './sink-check.ts'

/** What a writer holds before it asks to wait, in megabytes: many times what connectors buffer. */
const heldMegabytesMax = 64
const megabyte = 1_000_000
/** Of four records that make a megabyte. */
const text = 'All work and no play. '.repeat(11_364).slice(0, megabyte / 4)

/** What a writer does when more comes than it can write. @internal */
export const backpressureChecks: readonly SinkCheck[] = [
  {
    name: 'backpressure.writesAreHeld',
    level: 'L3',
    holds:
      'many records in one checkpoint, with a wait wherever the writer asks for it, all arrive',
    proves: ['guarantee', 'order'],
    once: true,
    async run(context) {
      const size = { splitCount: 2, batchCount: 2, recordsPerBatch: 1200 }
      await using scenario = await SinkScenario.open(context, size)
      const attempt = await scenario.job.start()
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'backpressure.boundedMemory',
    level: 'L3',
    holds: 'a writer asks to wait before it holds 64 megabytes, when nothing of it can be written',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      const writer = attempt.writerOf(0)
      for (let seq = 0; ; seq += 1) {
        if ((seq * text.length) / megabyte > heldMegabytesMax) {
          throw violation(`a writer took ${heldMegabytesMax} megabytes, and did not ask to wait`)
        }
        const record: KitRecord = {
          id: `0-${seq}`,
          split: 0,
          seq,
          payload: text,
          operation: 'write',
        }
        const written = writer.write(record, { timestamp: seq })
        if (written !== undefined && !(await settlesByItself(observed(written)))) break
      }
      await scenario.crash(attempt, 'throw')
    },
  },
]

/** Whether a promise settles while the system has no turn: nothing can have been written. */
async function settlesByItself(promise: Promise<void>): Promise<boolean> {
  const state = { settled: false }
  const settle = (): void => {
    state.settled = true
  }
  promise.then(settle, settle)
  for (let turn = 0; turn < microtasksMax && !state.settled; turn += 1) await Promise.resolve()
  if (state.settled) await promise
  return state.settled
}

/** More than a chain of functions needs that wait for nothing. */
const microtasksMax = 200
