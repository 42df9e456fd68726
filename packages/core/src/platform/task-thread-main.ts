/** What a thread of a job runs from its start. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../common/assert.ts'
import { hostThread } from '../threads/thread-host.ts'
import type { ThreadCommand } from '../threads/thread-protocol.ts'
import { AtomicsBells } from './atomics-bells.ts'
import { NodeClock } from './node-clock.ts'
import { NodeScheduler } from './node-scheduler.ts'
import { NodeStorage } from './node-storage.ts'
import { isTaskThreadData } from './node-task-thread.ts'

const port = parentPort
const data: unknown = workerData
assert(port !== null && isTaskThreadData(data), 'a thread of a job is started by its coordinator')
const { flinktsThread: init } = data
const handle = await hostThread(init, {
  clock: new NodeClock(),
  scheduler: new NodeScheduler(),
  storage: new NodeStorage(init.storageLocation),
  bells: new AtomicsBells(init.bells, init.thread),
  load: (module) => import(module) as Promise<unknown>,
  post: (event) => port.postMessage(event),
})
// Until now they wait in the port.
port.on('message', (command: ThreadCommand) => handle?.(command))
