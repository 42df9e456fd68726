import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import type { Serializer } from '../../src/common/serializer.ts'
import type { CommitOutcome } from '../../src/connector/committer.ts'
import type { SinkWriter } from '../../src/connector/sink-writer.ts'
import type { Sink } from '../../src/connector/sink.ts'
import { FlowControl } from '../../src/network/flow-control.ts'
import { SinkOperator } from '../../src/operators/sink.ts'
import { drainMicrotasks } from '../../src/platform/drain-microtasks.ts'
import type { CommittableItem, StateItem } from '../../src/state/operator-state.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { barrierOf, contextOf } from './fixtures.ts'

const text: Serializer<string> = {
  version: 2,
  serialize: (value) => new TextEncoder().encode(value),
  deserialize: (_version, bytes) => new TextDecoder().decode(bytes),
}

/** A sink whose transactions are the values since the last barrier, joined. */
class TestSink implements Sink<unknown, string, 'exactly-once', string> {
  readonly description = 'test'
  readonly guarantee = 'exactly-once' as const
  readonly mechanism = 'none'
  readonly committableSerializer = text
  readonly writerStateSerializer = text
  readonly calls: string[] = []
  readonly commits: string[] = []
  values: unknown[] = []
  onWrite: () => void | Promise<void> = () => {}
  onFlush: () => Promise<void> = () => Promise.resolve()
  onPrepare: (prepared: string) => Promise<readonly string[]> = (name) => Promise.resolve([name])
  onCommit: (committable: string) => Promise<CommitOutcome> = () =>
    Promise.resolve({ status: 'committed' })
  readonly forgotten: number[] = []
  readonly writerForgot: number[] = []
  onForget: () => Promise<void> = () => Promise.resolve()

  createWriter(
    _context: unknown,
    restored: readonly string[],
  ): Promise<SinkWriter<unknown, string, string>> {
    this.calls.push(`writer ${restored.join(',')}`)
    return Promise.resolve({
      write: (value) => {
        this.values.push(value)
        return this.onWrite()
      },
      flush: (endOfInput) => {
        this.calls.push(endOfInput ? 'flush at the end' : 'flush')
        return this.onFlush()
      },
      prepareCommit: (checkpointId) => {
        const prepared = `${checkpointId}:${this.values.join('')}`
        this.values = []
        return this.onPrepare(prepared)
      },
      snapshotState: (checkpointId) => `state ${checkpointId}`,
      forget: (beforeCheckpointId) => this.writerForgot.push(beforeCheckpointId),
      close: () => {
        this.calls.push('close writer')
        return Promise.resolve()
      },
    })
  }

  createCommitter(): Promise<{
    commit: (committable: string) => Promise<CommitOutcome>
    forget: (beforeCheckpointId: number) => Promise<void>
    close: () => Promise<void>
  }> {
    return Promise.resolve({
      commit: (committable) => {
        this.commits.push(committable)
        return this.onCommit(committable)
      },
      forget: (beforeCheckpointId) => {
        this.forgotten.push(beforeCheckpointId)
        return this.onForget()
      },
      close: () => {
        this.calls.push('close committer')
        return Promise.resolve()
      },
    })
  }
}

async function openOperator(
  options: { sink?: Partial<Sink<unknown>>; restored?: readonly StateItem[] } = {},
): Promise<{
  operator: SinkOperator
  sink: TestSink
  flow: FlowControl
  scheduler: ManualScheduler
  abort: AbortController
}> {
  const scheduler = new ManualScheduler()
  const abort = new AbortController()
  const sink = new TestSink()
  const flow = new FlowControl()
  const operator = new SinkOperator('files', {
    sink: (options.sink ?? sink) as Sink<unknown>,
    context: contextOf('files', scheduler),
    restored: options.restored ?? [],
    flow,
    signal: abort.signal,
  })
  await operator.open()
  return { operator, sink, flow, scheduler, abort }
}

function write(operator: SinkOperator, ...values: readonly string[]): void {
  for (const value of values) operator.collect(value, 1)
}

async function committablesAt(operator: SinkOperator, checkpointId: number): Promise<string[]> {
  const { committables } = await operator.snapshot(barrierOf(checkpointId)).state
  return committables.map(describeItem)
}

function describeItem({ checkpointId, version, bytes }: CommittableItem): string {
  return `${checkpointId} v${version} ${text.deserialize(version, bytes)}`
}

const notice = (checkpointId: number): { checkpointId: number; oldestRetainedId: number } => ({
  checkpointId,
  oldestRetainedId: checkpointId,
})

describe('the operator of a sink', () => {
  test('refuses the state of another kind of sink', async () => {
    const sink: Sink<unknown> = {
      description: 'stateless',
      guarantee: 'at-least-once',
      mechanism: 'none',
      createWriter: () => Promise.reject(new Error('not reached')),
    }

    const opened = openOperator({ sink, restored: [{ version: 1, bytes: new Uint8Array() }] })

    await expect(opened).rejects.toMatchObject({ code: 'FLINKTS_STATE_INCOMPATIBLE' })
  })

  test('gives the restored states to the writer', async () => {
    const restored = [{ version: 2, bytes: text.serialize('open file') }]

    const { sink } = await openOperator({ restored })

    expect(sink.calls).toEqual(['writer open file'])
  })

  test('cuts at the barrier: what is written later is not in the checkpoint', async () => {
    const { operator } = await openOperator()
    write(operator, 'a', 'b')

    const first = operator.snapshot(barrierOf(1))
    write(operator, 'c')
    const second = operator.snapshot(barrierOf(2))

    expect((await first.state).committables.map(describeItem)).toEqual(['1 v2 1:ab'])
    expect((await second.state).committables.map(describeItem)).toEqual(['1 v2 1:ab', '2 v2 2:c'])
  })

  test('stores the state of the writer', async () => {
    const { operator } = await openOperator()

    const { lists, operatorId, subtask } = await operator.snapshot(barrierOf(5)).state

    expect(lists).toEqual([
      {
        name: 'writer',
        distribution: 'split',
        items: [{ version: 2, bytes: text.serialize('state 5') }],
      },
    ])
    expect({ operatorId, subtask }).toEqual({ operatorId: 'files', subtask: 0 })
  })

  test('I7: carries what an aborted checkpoint prepared into the next one', async () => {
    const { operator, sink } = await openOperator()
    write(operator, 'a')
    await committablesAt(operator, 1)
    write(operator, 'b')
    await committablesAt(operator, 2)
    write(operator, 'c')

    const carried = await committablesAt(operator, 3)
    await operator.checkpointCompleted(notice(3))

    expect(carried).toEqual(['1 v2 1:a', '2 v2 2:b', '3 v2 3:c'])
    expect(sink.commits).toEqual(['1:a', '2:b', '3:c'])
  })

  test('carries what is not known to be committed, and no longer what is', async () => {
    const { operator } = await openOperator()
    write(operator, 'a')
    await committablesAt(operator, 1)

    const beforeTheNotice = await committablesAt(operator, 2)
    await operator.checkpointCompleted(notice(2))
    const afterTheNotice = await committablesAt(operator, 3)

    expect(beforeTheNotice).toEqual(['1 v2 1:a', '2 v2 2:'])
    expect(afterTheNotice).toEqual(['3 v2 3:'])
  })

  test('carries a committable whose commit is under way', async () => {
    const { operator, sink } = await openOperator()
    const commit = Promise.withResolvers<CommitOutcome>()
    sink.onCommit = () => commit.promise
    write(operator, 'a')
    await committablesAt(operator, 1)

    const completed = operator.checkpointCompleted(notice(1))
    const during = await committablesAt(operator, 2)
    commit.resolve({ status: 'committed' })
    await completed

    expect(during).toEqual(['1 v2 1:a', '2 v2 2:'])
  })

  test('I1: commits nothing that was prepared after the completed checkpoint', async () => {
    const { operator, sink } = await openOperator()
    write(operator, 'a')
    await committablesAt(operator, 1)
    write(operator, 'b')
    await committablesAt(operator, 2)

    await operator.checkpointCompleted(notice(1))

    expect(sink.commits).toEqual(['1:a'])
  })

  test('commits in the order of checkpoints, one at a time, however notices come', async () => {
    const { operator, sink } = await openOperator()
    const log: string[] = []
    sink.onCommit = async (committable) => {
      log.push(`begin ${committable}`)
      await drainMicrotasks()
      log.push(`end ${committable}`)
      return { status: 'committed' }
    }
    for (const checkpointId of [1, 2]) await committablesAt(operator, checkpointId)

    await Promise.all([1, 2, 2, 1].map((id) => operator.checkpointCompleted(notice(id))))

    expect(log).toEqual(['begin 1:', 'end 1:', 'begin 2:', 'end 2:'])
  })

  test('C52: makes up for a notice that was lost with the next one, in order', async () => {
    const { operator, sink } = await openOperator()
    write(operator, 'a')
    await committablesAt(operator, 1)
    write(operator, 'b')
    await committablesAt(operator, 2)

    await operator.checkpointCompleted(notice(2))
    await operator.checkpointCompleted(notice(1))

    expect(sink.commits).toEqual(['1:a', '2:b'])
  })

  test('I4: takes a commit that had been made before for done', async () => {
    const { operator, sink } = await openOperator()
    sink.onCommit = () => Promise.resolve({ status: 'already-committed' })
    await committablesAt(operator, 1)

    await operator.checkpointCompleted(notice(1))
    await operator.checkpointCompleted(notice(1))

    expect(sink.commits).toEqual(['1:'])
    expect(await committablesAt(operator, 2)).toEqual(['2 v2 2:'])
  })

  test('tells what is in no retained checkpoint any more, and nothing else', async () => {
    const { operator, sink } = await openOperator()
    for (const checkpointId of [4, 5]) await committablesAt(operator, checkpointId)
    await operator.checkpointCompleted({ checkpointId: 5, oldestRetainedId: 3 })
    const nothing = [...sink.forgotten]
    await committablesAt(operator, 6)
    await operator.checkpointCompleted({ checkpointId: 6, oldestRetainedId: 5 })

    await committablesAt(operator, 7)
    await operator.checkpointCompleted({ checkpointId: 7, oldestRetainedId: 6 })

    // Checkpoint 5 holds what 4 had prepared; checkpoint 6 only its own.
    expect([nothing, sink.forgotten]).toEqual([[], [4, 6]])
  })

  test('tells the writer too what it may forget, until it is closed', async () => {
    const { operator, sink } = await openOperator()
    for (const checkpointId of [1, 2]) {
      await committablesAt(operator, checkpointId)
      await operator.checkpointCompleted(notice(checkpointId))
    }
    await committablesAt(operator, 3)

    await operator.close()
    await operator.checkpointCompleted(notice(3))

    expect([sink.forgotten, sink.writerForgot]).toEqual([
      [1, 2, 3],
      [1, 2],
    ])
  })

  test('goes on if a sink cannot forget', async () => {
    const { operator, sink } = await openOperator()
    sink.onForget = () => Promise.reject(new Error('broken'))
    for (const checkpointId of [1, 2]) {
      await committablesAt(operator, checkpointId)
      await operator.checkpointCompleted(notice(checkpointId))
    }

    expect([sink.commits, sink.forgotten]).toEqual([
      ['1:', '2:'],
      [1, 2],
    ])
  })

  test('fails the task when a commit is refused, and keeps what is to be committed', async () => {
    const { operator, sink } = await openOperator()
    sink.onCommit = () => {
      throw new FlinktsError('FLINKTS_COMMIT_REJECTED', 'the transaction is gone')
    }
    await committablesAt(operator, 1)

    const completed = operator.checkpointCompleted(notice(1))

    await expect(completed).rejects.toMatchObject({ code: 'FLINKTS_COMMIT_REJECTED' })
    expect(await committablesAt(operator, 2)).toEqual(['1 v2 1:', '2 v2 2:'])
  })

  test('halts the chain while a write is pending', async () => {
    const { operator, sink, flow } = await openOperator()
    const pending = Promise.withResolvers<void>()
    sink.onWrite = () => pending.promise

    write(operator, 'a')
    const during = flow.halted
    pending.resolve()
    await drainMicrotasks()

    expect(during).toBe(true)
    expect(flow.halted).toBe(false)
  })

  test('says so to the writer when no record follows', async () => {
    const { operator, sink } = await openOperator()
    operator.endInput()

    await operator.snapshot(barrierOf(1)).state

    expect(sink.calls).toContain('flush at the end')
    expect(() => operator.collect('late', 1)).toThrow(
      expect.objectContaining({ code: 'FLINKTS_ASSERTION_FAILED' }),
    )
  })

  test.each([
    ['flush', (sink: TestSink) => (sink.onFlush = () => Promise.reject(new Error('broken')))],
    [
      'prepareCommit',
      (sink: TestSink) => (sink.onPrepare = () => Promise.reject(new Error('broken'))),
    ],
    [
      'flush, although prepareCommit throws before that',
      (sink: TestSink) => {
        sink.onFlush = () => Promise.reject(new Error('broken too'))
        sink.onPrepare = () => {
          throw new Error('broken')
        }
      },
    ],
  ])('fails the task when a snapshot fails in %s', async (_where, breakIt) => {
    const { operator, sink } = await openOperator()
    breakIt(sink)

    const snapshot = operator.snapshot(barrierOf(1))

    expect(snapshot.failure).toBe('fail-task')
    await expect(snapshot.state).rejects.toThrow('broken')
  })

  test('needs neither a committer nor a state', async () => {
    const values: unknown[] = []
    const sink: Sink<unknown> = {
      description: 'plain',
      guarantee: 'at-least-once',
      mechanism: 'none',
      createWriter: () =>
        Promise.resolve({
          write: (value, { timestamp }) => void values.push([value, timestamp]),
          flush: () => Promise.resolve(),
          close: () => Promise.resolve(),
        }),
    }
    const { operator } = await openOperator({ sink })

    operator.collect('a', 5)
    operator.collect('b', -Infinity)
    const state = await operator.snapshot(barrierOf(1)).state
    await operator.checkpointCompleted(notice(1))
    await operator.close()

    expect(values).toEqual([
      ['a', 5],
      ['b', undefined],
    ])
    expect(state).toMatchObject({ committables: [], lists: [{ name: 'writer', items: [] }] })
  })

  test('closes the writer first, then the committer', async () => {
    const { operator, sink } = await openOperator()

    await operator.close()

    expect(sink.calls).toEqual(['writer ', 'close writer', 'close committer'])
  })
})

describe('the commit of a sink', () => {
  // In Flink the number of tries is an option, and 0 by default.
  test('C40: is tried again with growing pauses', async () => {
    const { operator, sink, scheduler } = await openOperator()
    const triedAt: number[] = []
    sink.onCommit = () => {
      triedAt.push(scheduler.now())
      return Promise.resolve(
        triedAt.length < 4 ? { status: 'retry', cause: 'busy' } : { status: 'committed' },
      )
    }
    await committablesAt(operator, 1)
    const start = scheduler.now()

    const completed = operator.checkpointCompleted(notice(1))
    await scheduler.advance(1000)
    await completed

    expect(triedAt.map((at) => at - start)).toEqual([0, 100, 300, 700])
  })

  test('C40: gives up after ten tries, and names the operator', async () => {
    const { operator, sink, scheduler } = await openOperator()
    sink.onCommit = () => Promise.resolve({ status: 'retry', cause: 'busy' })
    await committablesAt(operator, 1)

    const failure = operator.checkpointCompleted(notice(1)).catch((cause: unknown) => cause)
    await scheduler.advance(60_000)

    expect(await failure).toMatchObject({
      code: 'FLINKTS_COMMIT_RETRIES_EXHAUSTED',
      message: 'operator "files" could not commit after 10 tries',
      cause: 'busy',
    })
    expect(sink.commits).toHaveLength(10)
  })

  test('is not tried again after the task was told to close', async () => {
    const { operator, sink, scheduler, abort } = await openOperator()
    sink.onCommit = () => Promise.resolve({ status: 'retry', cause: 'busy' })
    await committablesAt(operator, 1)

    const failure = operator.checkpointCompleted(notice(1)).catch((cause: unknown) => cause)
    await drainMicrotasks()
    abort.abort()

    expect(await failure).toMatchObject({ name: 'AbortError' })
    expect(sink.commits).toHaveLength(1)
    expect(scheduler.timerCount).toBe(0)
  })
})
