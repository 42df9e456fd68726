import { AttemptStore, type AttemptStoreOptions } from '../../src/checkpoint/attempt-store.ts'
import type { Attempt } from '../../src/checkpoint/attempt.ts'
import { HeapStateBackend } from '../../src/state/heap-state-backend.ts'
import { stateFilePath } from '../../src/state/checkpoint-path.ts'
import type { CheckpointManifest } from '../../src/checkpoint/manifest.ts'
import type {
  ProcessIdentity,
  ProcessProbe,
  ProcessStatus,
} from '../../src/checkpoint/process-probe.ts'
import type { Clock } from '../../src/common/clock.ts'
import { SeededPrng } from '../../src/common/prng.ts'
import type { Storage } from '../../src/common/storage.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import type { OperatorSubtaskState } from '../../src/state/operator-state.ts'
import { SimulatedStorage } from '../../src/testing/simulated-storage.ts'

export class FixedClock implements Clock {
  nowMs: number

  constructor(nowMs = 1_750_000_000_000) {
    this.nowMs = nowMs
  }

  now(): number {
    return this.nowMs
  }

  monotonic(): number {
    return this.nowMs
  }
}

/** A machine with processes that live until they are killed. */
export class FakeMachine {
  readonly #running: Map<number, string> = new Map()
  #started = 0

  /** A new process; `pid` may be one that a dead process had. */
  start(pid?: number): ProcessProbe & { kill(): void } {
    this.#started += 1
    const processStart = `start-${this.#started}`
    const self: ProcessIdentity = {
      host: 'host-a',
      pidSpace: 'machine-a',
      pid: pid ?? 100 + this.#started,
      processStart,
      nonce: `nonce-${this.#started}`,
    }
    this.#running.set(self.pid, processStart)
    return {
      self,
      find: (found) => Promise.resolve(this.#find(found)),
      kill: () => void this.#running.delete(self.pid),
    }
  }

  #find(pid: number): ProcessStatus {
    const processStart = this.#running.get(pid)
    return processStart === undefined ? { status: 'gone' } : { status: 'running', processStart }
  }
}

export function newDisk(seed = 1): SimulatedStorage {
  return new SimulatedStorage(new SeededPrng(seed))
}

/** An attempt store whose process is alone on its machine, unless told otherwise. */
export function attemptStore(
  storage: Storage,
  options: Partial<AttemptStoreOptions> = {},
): AttemptStore {
  return new AttemptStore({
    storage,
    jobName: 'orders',
    clock: new FixedClock(),
    prng: new SeededPrng(7),
    probe: new FakeMachine().start(),
    ...options,
  })
}

const emptySubtask: Omit<OperatorSubtaskState, 'operatorId' | 'subtask'> = {
  lists: [],
  committables: [],
  keyed: undefined,
}

/**
 * A manifest with one keyed operator, and a sink that prepared one committable at each `prepared`.
 */
export function manifestOf(
  attempt: Attempt,
  checkpointId: number,
  prepared: readonly number[] = [],
): CheckpointManifest {
  const committables = prepared.map((id) => ({
    checkpointId: id,
    version: 1,
    bytes: new TextEncoder().encode(`file-${id}`),
  }))
  const path = stateFilePath(checkpointId, 'counts', 0)
  const keyed = { path, bytes: stateOf(checkpointId).byteLength, states: [] }
  return {
    formatVersion: 2,
    jobName: 'orders',
    jobId: attempt.jobId,
    checkpointId,
    attempt: attempt.number,
    kind: 'periodic',
    createdAtMs: 1_750_000_000_000,
    planFingerprint: 'f00d',
    maxParallelism: 128,
    operators: [
      {
        operatorId: 'counts',
        kind: 'process',
        parallelism: 1,
        subtasks: [{ operatorId: 'counts', subtask: 0, ...emptySubtask, keyed }],
      },
      {
        operatorId: 'out',
        kind: 'sink',
        parallelism: 1,
        subtasks: [{ operatorId: 'out', subtask: 0, ...emptySubtask, committables }],
      },
    ],
  }
}

/** The content of the state file of that checkpoint: one counter. */
export function stateOf(checkpointId: number): Uint8Array {
  const range = { first: 0, last: 127 }
  const backend = new HeapStateBackend({ operatorId: 'counts', range, maxParallelism: 128 })
  const count = backend.state('count', valueState<number>())
  backend.setCurrentKey('key')
  count.set(checkpointId)
  return new Uint8Array(Buffer.concat([...backend.snapshot().chunks()]))
}

export async function writeState(storage: Storage, checkpointId: number): Promise<void> {
  const bytes = stateOf(checkpointId)
  const chunks = [bytes.subarray(0, 8), bytes.subarray(8)]
  await storage.write(stateFilePath(checkpointId, 'counts', 0), chunks)
}
