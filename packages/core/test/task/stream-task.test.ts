import { describe, expect, test } from 'vitest'
import { FlinktsError } from '../../src/common/errors.ts'
import type { OperatorSnapshot } from '../../src/operators/operator.ts'
import type { TaskCommand } from '../../src/task/task-protocol.ts'
import { createTask, startTask, stateOf, type TaskFixture } from './task-fixture.ts'

const trigger = (checkpointId: number): TaskCommand => ({
  type: 'trigger-checkpoint',
  checkpointId,
  kind: 'periodic',
})
const completed = (checkpointId: number): TaskCommand => ({
  type: 'checkpoint-completed',
  notice: { checkpointId, oldestRetainedId: checkpointId },
})
const splits = (name: string): TaskCommand => ({
  type: 'splits-assigned',
  splits: [{ version: 1, bytes: new TextEncoder().encode(name) }],
})

describe('a task', () => {
  test('opens its operators, then the reader, and then runs', async () => {
    const { task, scheduler, log, types } = createTask()

    task.start()
    await scheduler.settle()

    expect(log).toEqual(['open', 'reader starts'])
    expect(types()).toEqual(['running'])
  })

  test('handles no mail before it runs', async () => {
    const { task, operator, scheduler, log } = createTask()
    const opened = Promise.withResolvers<void>()
    operator.onOpen = () => opened.promise
    task.start()
    task.command(splits('a'))
    await scheduler.settle()
    const opening = [...log]

    opened.resolve()
    await scheduler.settle()

    expect(opening).toEqual(['open'])
    expect(log).toEqual(['open', 'reader starts', 'reader gets a'])
  })

  test('processes what the source has, and ends', async () => {
    const { task, operator, source, scheduler, log, types } = await startTask()

    source.script('abc', 'end-of-input')
    task.wake()
    await scheduler.settle()

    expect(operator.emitted).toEqual(['a', 'b', 'c', 'watermark Infinity'])
    expect(log).toEqual(['end input'])
    expect(types()).toEqual(['data-ended'])
  })

  test('looks at its mail after each record if records are slow', async () => {
    const { task, operator, source, scheduler, log } = await startTask()
    operator.onRecord = (letter) => {
      log.push(String(letter))
      scheduler.pass(50)
      if (letter === 'c') task.command(splits('x'))
    }

    source.script('abcd', 'nothing-available')
    task.wake()
    await scheduler.settle()

    expect(log).toEqual(['a', 'b', 'c', 'reader gets x', 'd'])
  })

  test('takes a checkpoint between records, and acknowledges it when it is durable', async () => {
    const { task, operator, source, scheduler, events, log } = await startTask()
    const state = Promise.withResolvers<Awaited<OperatorSnapshot['state']>>()
    operator.onSnapshot = () => ({ state: state.promise, failure: 'fail-task' })
    source.script('ab', 'nothing-available')
    task.wake()
    await scheduler.settle()

    task.command(trigger(1))
    await scheduler.settle()
    const before = [...events]
    scheduler.pass(25)
    state.resolve(stateOf('end'))
    await scheduler.settle()

    expect(log).toEqual(['reader snapshot', 'snapshot behind ab'])
    expect(before).toEqual([])
    expect(events).toEqual([
      {
        type: 'checkpoint-acknowledged',
        checkpointId: 1,
        states: [
          { ...stateOf('source'), lists: [{ name: 'splits', distribution: 'split', items: [] }] },
          stateOf('end'),
        ],
        stats: { alignmentMs: 0, syncMs: 0, asyncMs: 25, stallMs: 0 },
      },
    ])
  })

  test('tells the longest work for a checkpoint that kept it from its records', async () => {
    const { task, operator, files, scheduler, events } = await startTask()
    const writing = function* (): Iterable<Uint8Array> {
      for (const ms of [3, 7, 4]) {
        scheduler.pass(ms)
        yield new Uint8Array(1)
      }
    }
    operator.onSnapshot = () => {
      scheduler.pass(5)
      return {
        state: files.write('state', writing()).then(() => stateOf('end')),
        failure: 'fail-task',
      }
    }

    task.command(trigger(1))
    await scheduler.settle()

    expect(events).toMatchObject([{ stats: { syncMs: 5, stallMs: 7 } }])
  })

  // Found by seed 107 of the simulation: the split got into the snapshots of enumerator and reader.
  test('lets mail behind a trigger wait until its checkpoint is taken', async () => {
    const { task, flow, scheduler, log } = await startTask()
    const pending = Promise.withResolvers<void>()
    flow.waitFor(pending.promise)

    task.command(trigger(1))
    task.command(splits('a'))
    await scheduler.settle()
    const blocked = [...log]
    pending.resolve()
    await scheduler.settle()

    expect(blocked).toEqual([])
    expect(log).toEqual(['reader snapshot', 'snapshot behind ', 'reader gets a'])
  })

  test('declines a checkpoint whose state cannot be written, and goes on', async () => {
    const { task, operator, scheduler, events } = await startTask()
    const cause = new FlinktsError('FLINKTS_STORAGE_FULL', 'no space')
    operator.onSnapshot = () => ({ state: Promise.reject(cause), failure: 'decline-checkpoint' })

    task.command(trigger(1))
    await scheduler.settle()

    expect(events).toMatchObject([
      { type: 'checkpoint-declined', checkpointId: 1, error: { code: 'FLINKTS_STORAGE_FULL' } },
    ])
  })

  test('fails when what was written since the last checkpoint is in doubt', async () => {
    const { task, operator, scheduler, events } = await startTask()
    const cause = new FlinktsError('FLINKTS_STORAGE_FULL', 'no space')
    operator.onSnapshot = () => ({ state: Promise.reject(cause), failure: 'fail-task' })

    task.command(trigger(1))
    await scheduler.settle()

    expect(events).toMatchObject([{ type: 'failed', error: { code: 'FLINKTS_STORAGE_FULL' } }])
  })

  test('confirms a completed checkpoint when everything is committed, each time', async () => {
    const { task, operator, scheduler, events } = await startTask()
    const committed = Promise.withResolvers<void>()
    operator.onCompleted = () => committed.promise

    task.command(completed(4))
    await scheduler.settle()
    const before = [...events]
    committed.resolve()
    task.command(completed(4))
    await scheduler.settle()

    expect(before).toEqual([])
    expect(events).toEqual([
      { type: 'committed', checkpointId: 4 },
      { type: 'committed', checkpointId: 4 },
    ])
  })

  test('passes on to its operators that a checkpoint is given up', async () => {
    const { task, scheduler, log } = await startTask()

    task.command({ type: 'abort-checkpoint', checkpointId: 3 })
    await scheduler.settle()

    expect(log).toEqual(['abort 3'])
  })

  test('passes the messages of the enumerator to the reader', async () => {
    const { task, scheduler, log } = await startTask()

    task.command(splits('a'))
    task.command({ type: 'source-event', event: { type: 'hello' } })
    task.command({ type: 'no-more-splits' })
    await scheduler.settle()

    expect(log).toEqual(['reader gets a', 'reader hears hello', 'reader gets no more'])
  })

  test('takes checkpoints after its input has ended, and closes when it may finish', async () => {
    const { task, source, scheduler, log, types } = await startTask()
    source.script('', 'end-of-input')
    task.wake()
    await scheduler.settle()

    task.command({ type: 'trigger-checkpoint', checkpointId: 1, kind: 'final' })
    await scheduler.settle()
    task.command(completed(1))
    task.command({ type: 'finish' })
    await scheduler.settle()

    expect(types()).toEqual(['data-ended', 'checkpoint-acknowledged', 'committed', 'closed'])
    expect(log.slice(-2)).toEqual(['reader closes', 'close'])
  })

  test('yields after a slice, so that others of its thread get their turn', async () => {
    const { task, source, scheduler, operator } = await startTask()
    source.script('x'.repeat(100), 'nothing-available')
    const emittedAtTurn: number[] = []

    task.wake()
    scheduler.soon(() => void emittedAtTurn.push(operator.emitted.length))
    await scheduler.settle()

    // Four steps of two records.
    expect(emittedAtTurn).toEqual([8])
    expect(operator.emitted).toHaveLength(100)
  })

  test('ends its slice when time is up', async () => {
    const { task, source, scheduler, operator } = await startTask()
    source.script('x'.repeat(100), 'nothing-available')
    operator.onRecord = () => scheduler.pass(0.6)
    const emittedAtTurn: number[] = []

    task.wake()
    scheduler.soon(() => void emittedAtTurn.push(operator.emitted.length))
    await scheduler.settle()

    expect(emittedAtTurn).toEqual([2])
  })
})

describe('a task that fails', () => {
  const failures: Record<string, (parts: TaskFixture) => void> = {
    'in a record': ({ operator, source, task }) => {
      operator.onRecord = () => fail()
      source.script('a', 'nothing-available')
      task.wake()
    },
    'in a poll': ({ source, task }) => {
      source.poll = fail
      task.wake()
    },
    'in a pending write': ({ flow }) => flow.waitFor(Promise.reject(new Error('boom'))),
    'in a commit': ({ operator, task }) => {
      operator.onCompleted = () => Promise.reject(new Error('boom'))
      task.command(completed(1))
    },
    'at a barrier': ({ operator, task }) => {
      operator.onSnapshot = fail
      task.command(trigger(1))
    },
  }

  test.each(Object.entries(failures))(
    '%s says so once, and waits to be cancelled',
    async (_where, breakIt) => {
      const parts = await startTask()
      const { task, scheduler, events, log, types } = parts

      breakIt(parts)
      await scheduler.settle()
      task.wake()
      task.command(splits('ignored'))
      await scheduler.settle()
      const failed = types()
      task.command({ type: 'cancel' })
      await scheduler.settle()

      expect(failed).toEqual(['failed'])
      expect(events[0]).toMatchObject({ error: { code: 'FLINKTS_TASK_FAILED' } })
      expect(events[0]).toMatchObject({ error: { message: 'a task failed: boom' } })
      expect(types()).toEqual(['failed', 'closed'])
      expect(log).not.toContain('reader gets ignored')
    },
  )

  test('while it opens says so, and is closed all the same', async () => {
    const { task, operator, scheduler, types, log } = createTask()
    operator.onOpen = fail

    task.start()
    await scheduler.settle()
    task.command({ type: 'cancel' })
    await scheduler.settle()

    expect(types()).toEqual(['failed', 'closed'])
    expect(log).toEqual(['open', 'close'])
  })
})

describe('a task that is cancelled', () => {
  test('while it opens closes as soon as it is open, and never runs', async () => {
    const { task, operator, scheduler, types, log } = createTask()
    const opened = Promise.withResolvers<void>()
    operator.onOpen = () => opened.promise
    task.start()
    task.command({ type: 'cancel' })
    await scheduler.settle()
    const opening = types()

    opened.resolve()
    await scheduler.settle()

    expect(opening).toEqual([])
    expect(types()).toEqual(['closed'])
    expect(log).toEqual(['open', 'close'])
  })

  test('while it runs closes, whatever mail there is', async () => {
    const { task, scheduler, types, log } = await startTask()

    task.command(splits('a'))
    task.command({ type: 'cancel' })
    await scheduler.settle()

    expect(types()).toEqual(['closed'])
    expect(log).toEqual(['reader closes', 'close'])
  })

  test('while a triggered checkpoint waits for a write closes at once', async () => {
    const { task, flow, scheduler, types } = await startTask()
    flow.waitFor(Promise.withResolvers<void>().promise)
    task.command(trigger(1))
    await scheduler.settle()

    task.command({ type: 'cancel' })
    await scheduler.settle()

    expect(types()).toEqual(['closed'])
  })

  test('while state is written acknowledges nothing any more', async () => {
    const { task, operator, scheduler, types } = await startTask()
    const state = Promise.withResolvers<Awaited<OperatorSnapshot['state']>>()
    operator.onSnapshot = () => ({ state: state.promise, failure: 'fail-task' })
    task.command(trigger(1))
    await scheduler.settle()

    task.command({ type: 'cancel' })
    await scheduler.settle()
    state.resolve(stateOf('end'))
    await scheduler.settle()

    expect(types()).toEqual(['closed'])
  })

  test('while it closes, and when it is closed, does nothing more', async () => {
    const { task, operator, scheduler, types, log } = await startTask()
    const closed = Promise.withResolvers<void>()
    operator.onClose = () => closed.promise
    task.command({ type: 'finish' })
    await scheduler.settle()

    task.command({ type: 'cancel' })
    await scheduler.settle()
    const closing = types()
    closed.resolve()
    await scheduler.settle()
    task.command({ type: 'cancel' })
    await scheduler.settle()

    expect(closing).toEqual([])
    expect(types()).toEqual(['closed'])
    expect(log).toEqual(['reader closes', 'close'])
  })

  test('is closed also when an operator does not close in order', async () => {
    const { task, operator, scheduler, types } = await startTask()
    operator.onClose = fail

    task.command({ type: 'cancel' })
    await scheduler.settle()

    expect(types()).toEqual(['closed'])
  })
})

function fail(): never {
  throw new Error('boom')
}
