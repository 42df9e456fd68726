import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonValue } from '../../driver/connector-driver.ts'
import { deadlineIn } from '../../engine/deadline.ts'
import { violation } from '../../engine/violation.ts'
import { memoryIn, type MemoryLine, type StalledPlan } from '../../processes/process-plan.ts'
import { watchProcess } from '../../processes/run-process.ts'
import { type KitRecord, longRecords, workload } from '../../records/kit-record.ts'
import type { SourceCheck, SourceCheckContext } from './source-check.ts'

const mebibyte = 1_048_576

/** Of each long record: some 400 KB in UTF-8, and 512 KB as a string. */
const characters = 262_144
const longRecordsAtFirst = 4
/** What is upstream and nobody takes: some 94 MB in UTF-8. */
const transactionCount = 12
const recordsPerTransaction = 20

/**
 * What a process may hold more than before its job began. Sources of ours need 4 to 14 MiB for
 * their code, their connections and what they read ahead, as do those of the tests; one that reads
 * ahead without a bound comes to 90 MiB and more. This is about as far from the one as from the
 * other.
 */
const heldBytesMax = 40 * mebibyte
/** For a process to start, besides what everything may take. */
const startMsMax = 5_000
/** When nothing more than this has been added for so long, nothing will be. */
const restMs = 500
const restBytes = mebibyte

/** How much memory a source takes when nobody takes its records. @internal */
export const memoryChecks: readonly SourceCheck[] = [
  {
    name: 'backpressure.boundedMemory',
    level: 'L0',
    holds: 'while nobody takes its records a source holds a bounded part of what is upstream',
    proves: [],
    once: true,
    async run(context) {
      const { driver } = context
      const target = await driver.setup()
      const folder = await mkdtemp(join(tmpdir(), 'flinkts-testkit-'))
      const bounded = driver.capabilities.boundedness === 'bounded'
      try {
        const first = firstRecords(context)
        await driver.writeExternal(target, first)
        if (bounded) await writeMore(context, target)
        const plan: StalledPlan = {
          module: driver.module,
          target,
          checkpointDirectory: join(folder, 'checkpoints'),
          parallelism: 1,
          takenMax: first.length,
        }
        const memory = new MemoryWatch(startMsMax + context.patienceMs)
        const onLine = (line: string): void => memory.onLine(line)
        await watchProcess({ main: 'source/stalled-main', plan, onLine }, async () => {
          await memory.until(({ takenCount }) => takenCount >= first.length)
          if (!bounded) await writeMore(context, target)
          await memory.until(({ stalled }) => stalled)
          await memory.rest()
        })
      } finally {
        await rm(folder, { recursive: true, force: true })
        await driver.clean(target)
      }
    },
  },
]

/** Small ones, and some of the long ones, to which buffers adapt themselves. */
function firstRecords({ seed }: SourceCheckContext): readonly KitRecord[] {
  const size = { splitCount: 1, batchCount: 1, recordsPerBatch: 10 }
  const small = workload(seed, size).batches.flat()
  const long = { fromSeq: small.length, count: longRecordsAtFirst, characters }
  return [...small, ...longRecords(seed, long)]
}

async function writeMore({ driver, seed }: SourceCheckContext, target: JsonValue): Promise<void> {
  for (let transaction = 1; transaction <= transactionCount; transaction += 1) {
    const fromSeq = transaction * recordsPerTransaction
    const size = { fromSeq, count: recordsPerTransaction, characters }
    await driver.writeExternal(target, longRecords(seed, size))
  }
}

/** Follows what a process says of its memory; the first time, before its job begins. */
class MemoryWatch {
  readonly #patienceMs: number
  #level = 0
  #last: MemoryLine | undefined
  #nextLine = Promise.withResolvers<void>()

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  onLine(line: string): void {
    const told = memoryIn(line)
    if (told === undefined) return
    if (this.#last === undefined) this.#level = told.residentBytes
    this.#last = told
    this.#nextLine.resolve()
    this.#nextLine = Promise.withResolvers()
  }

  /** Waits until the process is so far, and looks at its memory all the time. */
  async until(reached: (line: MemoryLine) => boolean): Promise<void> {
    const deadline = deadlineIn(this.#patienceMs)
    for (;;) {
      const last = this.#last
      if (last !== undefined) this.#expectBounded(last)
      if (last !== undefined && reached(last)) return
      deadline.check(() => `does not come to its stall (${JSON.stringify(last ?? 'no word')})`)
      await this.#nextLine.promise
    }
  }

  /** Waits until it holds all that it will. */
  async rest(): Promise<void> {
    let most = 0
    let sinceMs = performance.now()
    await this.until(({ residentBytes }) => {
      const nowMs = performance.now()
      if (residentBytes <= most + restBytes) return nowMs - sinceMs >= restMs
      most = residentBytes
      sinceMs = nowMs
      return false
    })
  }

  #expectBounded({ residentBytes }: MemoryLine): void {
    const held = residentBytes - this.#level
    if (held <= heldBytesMax) return
    const [more, limit] = [held, heldBytesMax].map((bytes) => `${Math.round(bytes / mebibyte)} MiB`)
    throw violation(`holds ${more} while nobody takes its records, and may hold ${limit}`)
  }
}
