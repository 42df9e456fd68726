import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jsonLines } from '@flinkts/formats'
import { expect, test } from 'vitest'
import { committableSerializer } from '../src/committable.ts'
import { fileSink, localDirectory } from '../src/index.ts'
import type { ObjectStore } from '../src/index.ts'
import { filesBelow, visibleBelow } from './files-below.ts'
import { subtaskContext, temporaryDirectory, textOf } from './fixtures.ts'
import { HookedStore } from './hooked-store.ts'
import type { Hook } from './hooked-store.ts'

/**
 * A job is killed at every step of its sink: at operation k of the store, before or after its
 * effect. The next attempt must make it good, and stay right when the dead process turns out to
 * have only slept.
 */

const RECORDS = 11
const RECORDS_PER_CHECKPOINT = 3

/** What the coordinator has stored: the only thing that survives. */
interface Completed {
  readonly checkpointId: number
  readonly position: number
  readonly committables: readonly Uint8Array[]
}

const nothing: Completed = { checkpointId: 0, position: 0, committables: [] }

/** Of one attempt, from what it restores on. */
class CheckpointStore {
  last: Completed
  #fenced = false

  constructor(restored: Completed) {
    this.last = restored
  }

  /** A later attempt has started: this one stores no checkpoint any more. */
  fence(): void {
    this.#fenced = true
  }

  complete(checkpoint: Completed): void {
    if (this.#fenced) throw new Error('a later attempt has started')
    this.last = checkpoint
  }
}

/** One attempt from the last completed checkpoint to the end of input. */
async function runAttempt(
  store: ObjectStore,
  checkpoints: CheckpointStore,
  attempt: number,
): Promise<void> {
  const sink = fileSink<{ readonly id: number }>({
    store,
    format: jsonLines(),
    bucket: ({ id }) => `b${id % 2}`,
    rollBytes: 25,
    bufferBytes: 10,
  })
  const context = subtaskContext({ attempt })
  const committer = await sink.createCommitter?.(context)
  const commit = async (committables: readonly Uint8Array[]): Promise<void> => {
    for (const bytes of committables) {
      await committer?.commit(committableSerializer.deserialize(1, bytes))
    }
  }
  let { position, checkpointId } = checkpoints.last
  await commit(checkpoints.last.committables)
  const writer = await sink.createWriter(context, [])
  try {
    while (position < RECORDS) {
      const end = Math.min(position + RECORDS_PER_CHECKPOINT, RECORDS)
      for (; position < end; position += 1) await writer.write({ id: position }, { timestamp: 0 })
      checkpointId += 1
      const prepared = writer.prepareCommit?.(checkpointId)
      const committables = ((await prepared) ?? []).map((each) =>
        committableSerializer.serialize(each),
      )
      checkpoints.complete({ checkpointId, position, committables })
      await commit(committables)
    }
  } finally {
    await writer.close()
  }
}

class Kill {
  /** Resolves when the process is dead. */
  readonly dead = Promise.withResolvers<void>()
  readonly #revived = Promise.withResolvers<void>()
  readonly #at: { readonly operation: number; readonly when: 'before' | 'after' }
  #operations = 0
  #tail: Promise<unknown> = Promise.resolve()

  constructor(at: { readonly operation: number; readonly when: 'before' | 'after' }) {
    this.#at = at
  }

  /** One operation after the other, so that operation k is the same in every run. */
  readonly hook: Hook = async (_name, run) => {
    const result = this.#tail.then(async () => this.#runOne(run))
    this.#tail = result.catch(() => undefined)
    return result
  }

  /** The process only slept: whatever it had asked for happens now. */
  revive(): void {
    this.#revived.resolve()
  }

  async #runOne<T>(run: () => Promise<T>): Promise<T> {
    this.#operations += 1
    if (this.#operations !== this.#at.operation) return run()
    if (this.#at.when === 'before') {
      await this.#die()
      return run()
    }
    const result = await run()
    await this.#die()
    return result
  }

  async #die(): Promise<void> {
    this.dead.resolve()
    await this.#revived.promise
  }
}

async function visibleIds(directory: string): Promise<readonly number[]> {
  const paths = await visibleBelow(directory)
  const texts = await Promise.all(paths.map(async (path) => textOf(directory, path)))
  // Every line is whole: a torn one is no JSON.
  return texts.flatMap((text) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => (JSON.parse(line) as { id: number }).id),
  )
}

const range = (end: number): readonly number[] => Array.from({ length: end }, (_, id) => id)
const ascending = (ids: readonly number[]): readonly number[] => ids.toSorted((a, b) => a - b)

/** What may be visible when the coordinator has stored `last`: all before it, and maybe of it. */
function expectVisible(ids: readonly number[], last: Completed): void {
  const sorted = ascending(ids)
  expect(new Set(sorted).size).toBe(sorted.length)
  // All of the checkpoint before: it was committed before this one was taken.
  const committed = RECORDS_PER_CHECKPOINT * Math.max(0, last.checkpointId - 1)
  expect(sorted.slice(0, committed)).toEqual(range(committed))
  expect(sorted.every((id) => id < last.position)).toBe(true)
}

/** @returns whether the operation was reached. */
async function killAt(operation: number, when: 'before' | 'after'): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'flinkts-filesystem-'))
  const checkpoints = new CheckpointStore(nothing)
  const kill = new Kill({ operation, when })
  const store = new HookedStore(localDirectory(directory), kill.hook)
  const first = runAttempt(store, checkpoints, 1).then(
    () => true,
    // It woke up fenced, or its files were gone.
    () => false,
  )
  const finished = await Promise.race([first, kill.dead.promise])
  expectVisible(await visibleIds(directory), checkpoints.last)

  checkpoints.fence()
  await runAttempt(localDirectory(directory), new CheckpointStore(checkpoints.last), 2)
  expect(ascending(await visibleIds(directory)), `operation ${operation}`).toEqual(range(RECORDS))
  expect(await filesBelow(directory)).toEqual(await visibleBelow(directory))

  kill.revive()
  await first
  expect(ascending(await visibleIds(directory)), `asleep ${operation}`).toEqual(range(RECORDS))
  await rm(directory, { recursive: true })
  return finished !== true
}

test.each(['before', 'after'] as const)(
  'killed %s the effect of any operation: every record is visible once',
  async (when) => {
    let operation = 1
    while (await killAt(operation, when)) operation += 1
    expect(operation).toBeGreaterThan(30)
  },
)

test('in a bucket, names sort in the order of records, over attempts too', async () => {
  const directory = await temporaryDirectory()
  const checkpoints = new CheckpointStore(nothing)
  const kill = new Kill({ operation: 25, when: 'after' })
  const store = new HookedStore(localDirectory(directory), kill.hook)
  const first = runAttempt(store, checkpoints, 1).catch(() => undefined)
  await kill.dead.promise
  checkpoints.fence()
  expect(checkpoints.last.checkpointId).toBeGreaterThan(0)

  await runAttempt(localDirectory(directory), new CheckpointStore(checkpoints.last), 2)

  const ids = await visibleIds(directory)
  expect(ids.filter((id) => id % 2 === 0)).toEqual(range(RECORDS).filter((id) => id % 2 === 0))
  expect(ids.filter((id) => id % 2 === 1)).toEqual(range(RECORDS).filter((id) => id % 2 === 1))
  kill.revive()
  await first
})
