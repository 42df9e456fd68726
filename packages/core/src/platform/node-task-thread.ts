import { totalmem } from 'node:os'
import process from 'node:process'
import { isMainThread, type ResourceLimits, Worker, workerData } from 'node:worker_threads'
import { systemCodeOf } from '../common/errors.ts'
import type {
  TaskThread,
  ThreadCommand,
  ThreadEnd,
  ThreadEvent,
  ThreadInit,
  ThreadListener,
} from '../threads/thread-protocol.ts'

/** What a thread of a job is given; the name tells it from threads of others. @internal */
export interface TaskThreadData {
  readonly flinktsThread: ThreadInit
}

/** Whether this is a thread that runs tasks of a job. @internal */
export function insideTaskThread(): boolean {
  return !isMainThread && isTaskThreadData(workerData)
}

/** @internal */
export function isTaskThreadData(data: unknown): data is TaskThreadData {
  return typeof data === 'object' && data !== null && 'flinktsThread' in data
}

/** A worker thread of Node. Signals go to the main thread only. @internal */
export class NodeTaskThread implements TaskThread {
  readonly #worker: Worker
  readonly #exited: Promise<void>

  constructor(init: ThreadInit, listener: ThreadListener) {
    const data: TaskThreadData = { flinktsThread: init }
    const heapMibMax = init.heapMibMax ?? shareOfMemoryMib(init.threadCount)
    this.#worker = new Worker(threadMain(), {
      workerData: data,
      name: `${init.deployment.plan.jobName}-${init.thread}`,
      // What the module of the job may read.
      argv: process.argv.slice(2),
      resourceLimits: limitsOf(heapMibMax),
    })
    let error: ThreadEnd | undefined
    this.#worker.on('message', (event: ThreadEvent) => listener.event(event))
    this.#worker.on('error', (thrown: unknown) => {
      error = endOf(thrown, heapMibMax)
    })
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (exitCode) => {
        listener.ended(error ?? { type: 'exit', exitCode })
        resolve()
      })
    })
  }

  post(command: ThreadCommand): void {
    this.#worker.postMessage(command)
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
    await this.#exited
  }
}

/** The module that a thread runs: a source beside this source, or built beside this when built. */
function threadMain(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./task-thread-main.${extension}`, import.meta.url)
}

function endOf(cause: unknown, heapMibMax: number): ThreadEnd {
  return systemCodeOf(cause) === 'ERR_WORKER_OUT_OF_MEMORY'
    ? { type: 'out-of-memory', heapMibMax, cause }
    : { type: 'error', cause }
}

/**
 * A heap that steps far over its limit at once ends the process and not its thread: by as much as
 * the young generation holds. So that is bounded (the default grows with the memory).
 */
function limitsOf(heapMibMax: number): ResourceLimits {
  const maxYoungGenerationSizeMb = Math.min(youngMibMax, heapMibMax / 4)
  return { maxOldGenerationSizeMb: heapMibMax, maxYoungGenerationSizeMb }
}

/** The heap of a thread, unless it is given: all threads together leave a quarter of the memory. */
function shareOfMemoryMib(threadCount: number): number {
  // Of a container, or 0.
  const constrained = process.constrainedMemory()
  const bytes = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.max(heapMibMin, Math.floor((bytes * 0.75) / threadCount / mebibyte))
}

const mebibyte = 2 ** 20
const youngMibMax = 96
/** A thread with less has hardly room for the code of its job. */
const heapMibMin = 64
