import { describe, expect, test } from 'vitest'
import type { Source } from '../../src/connector/source.ts'
import type { SourceSplit } from '../../src/connector/source-split.ts'
import type {
  SplitEnumerator,
  SplitEnumeratorContext,
} from '../../src/connector/split-enumerator.ts'
import { SourceCoordinator } from '../../src/scheduler/source-coordinator.ts'
import type { StateItem } from '../../src/state/operator-state.ts'
import { drainMicrotasks } from '../../src/platform/drain-microtasks.ts'
import { contextOf } from '../operators/fixtures.ts'
import { itemOf, textOf } from './fixtures.ts'

/** An enumerator that writes down what it is told, and answers as the test says. */
class TestEnumerator implements SplitEnumerator<SourceSplit, string> {
  readonly log: string[]
  readonly context: SplitEnumeratorContext<SourceSplit>
  onStart: () => Promise<void> = () => Promise.resolve()
  onRequest: (subtask: number) => void = () => {}

  constructor(log: string[], context: SplitEnumeratorContext<SourceSplit>) {
    this.log = log
    this.context = context
  }

  async start(): Promise<void> {
    this.log.push('start')
    await this.onStart()
  }

  addReader(subtask: number, splits: readonly SourceSplit[]): void {
    this.log.push(`reader ${subtask} with ${splits.map(({ splitId }) => splitId).join(',')}`)
  }

  handleSplitRequest(subtask: number): void {
    this.log.push(`request of ${subtask}`)
    this.onRequest(subtask)
  }

  handleSourceEvent(subtask: number, { type }: { readonly type: string }): void {
    this.log.push(`${type} from ${subtask}`)
  }

  snapshotState(checkpointId: number): string {
    return `state ${checkpointId}`
  }

  notifyCheckpointComplete({ checkpointId }: { readonly checkpointId: number }): void {
    this.log.push(`completed ${checkpointId}`)
  }

  close(): Promise<void> {
    this.log.push('close')
    return Promise.resolve()
  }
}

function createCoordinator(
  options: { restored?: StateItem; restoredSplits?: readonly (readonly StateItem[])[] } = {},
): { coordinator: SourceCoordinator; enumerator: TestEnumerator; log: string[]; sent: string[] } {
  const log: string[] = []
  const sent: string[] = []
  const created: TestEnumerator[] = []
  const source: Source<unknown, SourceSplit, string> = {
    description: 'test',
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'none',
    splitSerializer: {
      version: 1,
      serialize: ({ splitId }) => itemOf(splitId).bytes,
      deserialize: (_version, bytes) => ({ splitId: textOf({ bytes }) }),
    },
    enumeratorStateSerializer: {
      version: 4,
      serialize: (state) => itemOf(state).bytes,
      deserialize: (version, bytes) => `${textOf({ bytes })} v${version}`,
    },
    createEnumerator: (context, restored) => {
      log.push(`create from ${restored}`)
      const enumerator = new TestEnumerator(log, context)
      created.push(enumerator)
      return enumerator
    },
    createReader: () => {
      throw new Error('readers are in the tasks')
    },
  }
  const coordinator = new SourceCoordinator({
    source,
    context: contextOf('source'),
    parallelism: 2,
    restored: options.restored,
    restoredSplits: options.restoredSplits ?? [],
    send: (subtask, command) => {
      const splits = command.type === 'splits-assigned' ? command.splits.map(textOf).join() : ''
      sent.push(`${subtask} ${command.type} ${splits}`.trim())
    },
    fail: (cause) => void log.push(`failed: ${String(cause)}`),
  })
  const [enumerator] = created
  if (enumerator === undefined) throw new Error('the coordinator creates its enumerator')
  return { coordinator, enumerator, log, sent }
}

const request = { type: 'split-requested' } as const

describe('the coordinator of a source', () => {
  test('starts the enumerator, and then introduces every reader', async () => {
    const { coordinator, log } = createCoordinator()

    await coordinator.start()

    expect(log).toEqual(['create from undefined', 'start', 'reader 0 with ', 'reader 1 with '])
  })

  test('gives the enumerator its state, and tells which splits the readers bring', async () => {
    const restored = itemOf('left')
    const restoredSplits = [[itemOf('a'), itemOf('b')], []]
    const { coordinator, log } = createCoordinator({ restored, restoredSplits })

    await coordinator.start()

    expect(log).toEqual(['create from left v1', 'start', 'reader 0 with a,b', 'reader 1 with '])
  })

  test('keeps what readers say until the enumerator has started, in order', async () => {
    const { coordinator, enumerator, log } = createCoordinator()
    const started = Promise.withResolvers<void>()
    enumerator.onStart = () => started.promise
    const start = coordinator.start()
    coordinator.handle(1, request)
    coordinator.handle(0, { type: 'source-event', event: { type: 'hello' } })
    await drainMicrotasks()
    const early = [...log]

    started.resolve()
    await start
    coordinator.handle(0, request)

    expect(early).toEqual(['create from undefined', 'start'])
    expect(log.slice(4)).toEqual(['request of 1', 'hello from 0', 'request of 0'])
  })

  test('sends what the enumerator assigns and says', async () => {
    const { coordinator, enumerator, sent } = createCoordinator()
    await coordinator.start()

    enumerator.context.assignSplit({ splitId: 'a' }, 1)
    enumerator.context.sendSourceEvent(0, { type: 'hello' })
    enumerator.context.signalNoMoreSplits(1)

    expect(sent).toEqual(['1 splits-assigned a', '0 source-event', '1 no-more-splits'])
  })

  test('stores the state of the enumerator with its version', async () => {
    const { coordinator } = createCoordinator()
    await coordinator.start()

    const state = coordinator.snapshot(9)

    expect({ ...state, bytes: textOf(state) }).toEqual({ version: 4, bytes: 'state 9' })
  })

  test('tells the enumerator of completed checkpoints', async () => {
    const { coordinator, log } = createCoordinator()
    await coordinator.start()

    coordinator.checkpointCompleted({ checkpointId: 9, oldestRetainedId: 8 })

    expect(log.at(-1)).toBe('completed 9')
  })

  test('fails the job when the enumerator throws, or says so', async () => {
    const { coordinator, enumerator, log } = createCoordinator()
    await coordinator.start()
    enumerator.onRequest = () => {
      throw new Error('broken')
    }

    coordinator.handle(0, request)
    enumerator.context.fail(new Error('connection lost'))

    expect(log.slice(-2)).toEqual(['failed: Error: broken', 'failed: Error: connection lost'])
  })

  test('rejects the start when the enumerator cannot start', async () => {
    const { coordinator, enumerator } = createCoordinator()
    enumerator.onStart = () => Promise.reject(new Error('no server'))

    await expect(coordinator.start()).rejects.toThrow('no server')
  })

  test('hears and says nothing after it was closed', async () => {
    const { coordinator, enumerator, log, sent } = createCoordinator()
    await coordinator.start()

    await coordinator.close()
    coordinator.handle(0, request)
    enumerator.context.assignSplit({ splitId: 'a' }, 1)
    enumerator.context.fail(new Error('late'))

    expect(log.at(-1)).toBe('close')
    expect(sent).toEqual([])
  })

  test('introduces no readers if it was closed while it started', async () => {
    const { coordinator, enumerator, log } = createCoordinator()
    const started = Promise.withResolvers<void>()
    enumerator.onStart = () => started.promise
    const start = coordinator.start()

    await coordinator.close()
    started.resolve()
    await start

    expect(log).toEqual(['create from undefined', 'start', 'close'])
  })
})

/** Gives its splits away on request, one by one; its state are those that are left. */
function poolOf(splitIds: readonly string[]): Source<unknown, SourceSplit, string> {
  return {
    description: 'pool',
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'none',
    splitSerializer: {
      version: 1,
      serialize: ({ splitId }) => itemOf(splitId).bytes,
      deserialize: (_version, bytes) => ({ splitId: textOf({ bytes }) }),
    },
    enumeratorStateSerializer: {
      version: 1,
      serialize: (state) => itemOf(state).bytes,
      deserialize: (_version, bytes) => textOf({ bytes }),
    },
    createEnumerator: (context, restored) => {
      const left = restored === undefined ? [...splitIds] : restored.split(' ')
      return {
        start: () => Promise.resolve(),
        addReader: () => {},
        handleSplitRequest: (subtask) => {
          const splitId = left.shift()
          if (splitId !== undefined) context.assignSplit({ splitId }, subtask)
        },
        snapshotState: () => left.join(' '),
        close: () => Promise.resolve(),
      }
    },
    createReader: () => {
      throw new Error('readers are in the tasks')
    },
  }
}

/**
 * In Flink the coordinator tracks what it assigned since each checkpoint, and adds that back when
 * one reader fails. Here all tasks start again, and the enumerator with them, from its own state.
 */
test('C43: what was assigned after the checkpoint is assigned anew, and no more', async () => {
  const startPool = async (
    parts: { restored?: StateItem; restoredSplits?: readonly (readonly StateItem[])[] } = {},
  ): Promise<{ coordinator: SourceCoordinator; assigned: string[] }> => {
    const assigned: string[] = []
    const coordinator = new SourceCoordinator({
      source: poolOf(['s1', 's2', 's3']),
      context: contextOf('source'),
      parallelism: 1,
      restored: parts.restored,
      restoredSplits: parts.restoredSplits ?? [],
      send: (_subtask, command) => {
        if (command.type === 'splits-assigned') assigned.push(...command.splits.map(textOf))
      },
      fail: (cause) => {
        throw cause
      },
    })
    await coordinator.start()
    return { coordinator, assigned }
  }
  const first = await startPool()
  first.coordinator.handle(0, request)
  const restored = first.coordinator.snapshot(1)
  const restoredSplits = [first.assigned.map(itemOf)]
  first.coordinator.checkpointCompleted({ checkpointId: 1, oldestRetainedId: 1 })
  first.coordinator.handle(0, request)
  first.coordinator.snapshot(2)
  first.coordinator.handle(0, request)

  const second = await startPool({ restored, restoredSplits })
  for (let count = 0; count < 3; count += 1) second.coordinator.handle(0, request)

  expect(first.assigned).toEqual(['s1', 's2', 's3'])
  expect(second.assigned).toEqual(['s2', 's3'])
})
