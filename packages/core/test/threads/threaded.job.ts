/**
 * A job for real threads. The environment says what is different: THREADED_DIRECTORY, where
 * committed records go, a file for each committable; THREADED_FAULT, what happens once, and
 * THREADED_MOMENT, when; THREADED_JOB, what is odd about the module.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import { runJob } from '../../src/api/run-job.ts'
import type { Sink } from '../../src/connector/sink.ts'
import { insideTaskThread } from '../../src/platform/node-task-thread.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'

const odd = insideTaskThread() ? process.env['THREADED_JOB'] : undefined

/** The main thread has it before every run. */
function directory(): string {
  return process.env['THREADED_DIRECTORY'] ?? '.'
}

/** What the job reads. */
export interface Order {
  readonly id: number
  readonly customer: string
}

export const orders: readonly Order[] = Array.from({ length: 500 }, (_, id) => ({
  id,
  customer: `customer ${id % 7}`,
}))

const faults: Readonly<Record<string, () => void>> = {
  exits: () => process.exit(3),
  throws: () =>
    void setImmediate(() => {
      throw new Error('nobody catches this')
    }),
  'fills its memory': () => {
    for (const kept: unknown[] = []; ; ) kept.push({ number: kept.length, more: [kept.length] })
  },
}

/** Happens once, over all attempts: the file says that it did. */
function failOnce(moment: 'at a record' | 'in a checkpoint' | 'in a commit'): void {
  const { THREADED_FAULT: fault, THREADED_MOMENT: when } = process.env
  if (fault === undefined || when !== moment) return
  try {
    writeFileSync(join(directory(), 'failed'), '', { flag: 'wx' })
  } catch {
    return
  }
  faults[fault]?.()
}

function fileSink(): Sink<string, readonly string[], 'exactly-once'> {
  return {
    description: 'files',
    guarantee: 'exactly-once',
    mechanism: 'a file for each committable',
    committableSerializer: {
      version: 1,
      serialize: (lines) => new TextEncoder().encode(JSON.stringify(lines)),
      deserialize: (_version, bytes) => {
        return JSON.parse(new TextDecoder().decode(bytes)) as readonly string[]
      },
    },
    createWriter: ({ subtask, attempt }) => {
      let lines: string[] = []
      let count = 0
      return Promise.resolve({
        write: (line) => void lines.push(line),
        flush: () => Promise.resolve(),
        prepareCommit: () => {
          if (lines.length === 0) return Promise.resolve([])
          failOnce('in a checkpoint')
          count += 1
          const prepared = [`${attempt}-${subtask}-${count}`, ...lines]
          lines = []
          return Promise.resolve([prepared])
        },
        close: () => Promise.resolve(),
      })
    },
    createCommitter: () =>
      Promise.resolve({
        commit: ([name = '', ...lines]) => {
          failOnce('in a commit')
          const path = join(directory(), `${name}.out`)
          writeFileSync(`${path}.tmp`, lines.map((line) => `${line}\n`).join(''))
          renameSync(`${path}.tmp`, path)
          return Promise.resolve({ status: 'committed' })
        },
        close: () => Promise.resolve(),
      }),
  }
}

/** The job as the main thread has it. */
export const job: JobDefinition = defineJob(
  odd === 'random' ? 'other' : 'threaded',
  {
    parallelism: 2,
    checkpointIntervalMs: 20,
    restart: { type: 'fixed-delay', attemptsMax: 2, delayMs: 1 },
  },
  (env) => {
    let seen = 0
    env
      .source('orders', collectionSource(orders))
      .keyBy(({ customer }) => customer)
      .process('count', {
        state: { count: valueState<number>() },
        process: ({ customer }, { count }) => {
          seen += 1
          if (seen === 10) failOnce('at a record')
          const next = (count.get() ?? 0) + 1
          count.set(next)
          return [`${customer}: ${next}`]
        },
      })
      .sinkTo('files', fileSink())
  },
)

if (odd === 'running itself') await runJob(job, { checkpointDirectory: directory() })

const exported: JobDefinition | undefined = odd === 'missing' ? undefined : job
export default exported
