import process from 'node:process'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import type {
  TaskThread,
  ThreadCommand,
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
    this.#worker = new Worker(threadMain(), {
      workerData: data,
      name: `${init.deployment.plan.jobName}-${init.thread}`,
      // What the module of the job may read.
      argv: process.argv.slice(2),
    })
    let cause: { readonly cause: unknown } | undefined
    this.#worker.on('message', (event: ThreadEvent) => listener.event(event))
    this.#worker.on('error', (thrown: unknown) => {
      cause = { cause: thrown }
    })
    this.#exited = new Promise((resolve) => {
      this.#worker.on('exit', (exitCode) => {
        listener.ended(cause ?? { exitCode })
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
