import { describe, expect, test } from 'vitest'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import type { JobHandle } from '../../src/api/start-job.ts'
import type { LogFields, Logger } from '../../src/common/logger.ts'
import type { RestartStrategy } from '../../src/scheduler/restart-strategy.ts'
import { valueState } from '../../src/state/state-descriptor.ts'
import type { TaskExecutor } from '../../src/task/task-protocol.ts'
import { collectSink, type CollectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { SimulatedThread } from '../../src/testing/simulation/simulated-thread.ts'
import { TestRuntime } from '../../src/testing/test-runtime.ts'
import type { StartThread, TaskThread } from '../../src/threads/thread-protocol.ts'

const values = Array.from({ length: 300 }, (_, index) => index)
const expected = values.map((value) => `${value % 7}: ${Math.floor(value / 7) + 1}`).toSorted()

/** Counts values by their remainder. */
function countJob(
  sink: CollectSink<string> = collectSink(),
  restart: RestartStrategy = { type: 'fixed-delay', attemptsMax: 3, delayMs: 1 },
): JobDefinition {
  return defineJob('counts', { checkpointIntervalMs: 5, restart, parallelism: 2 }, (env) => {
    env
      .source('values', collectionSource(values))
      .keyBy((value) => value % 7)
      .process('count', {
        state: { count: valueState<number>() },
        process: (_value, { count }, { key }) => {
          const next = (count.get() ?? 0) + 1
          count.set(next)
          return [`${key}: ${next}`]
        },
      })
      .sinkTo('out', sink)
  })
}

class WarningLogger implements Logger {
  readonly warnings: LogFields[] = []
  debug(): void {}
  info(): void {}
  error(): void {}

  warn(message: string, fields: LogFields = {}): void {
    this.warnings.push({ message, ...fields })
  }

  child(): Logger {
    return this
  }
}

/** A job in two threads, and what happens to them. */
class ThreadedJob {
  readonly runtime: TestRuntime = new TestRuntime()
  readonly logger: WarningLogger = new WarningLogger()
  readonly events: string[] = []
  /** Asked at every step of a thread. */
  dies: (thread: number) => boolean = () => false
  /** Threads that cannot be started: attempt and thread. */
  readonly unstartable: string[] = []
  /** Called with every command to a task. */
  onCommand: (type: string) => void = () => {}

  start(job: JobDefinition): JobHandle {
    const { scheduler } = this.runtime
    const world = {
      clock: scheduler,
      scheduler,
      storage: this.runtime.disk.open(),
      job,
      dies: ({ thread }: { readonly thread: number }) => this.dies(thread),
    }
    return this.runtime.start(
      job,
      { threads: 2 },
      {
        logger: this.logger,
        threads: {
          module: 'test',
          start: (init, listener): TaskThread => {
            const name = `${init.deployment.attempt}/${init.thread}`
            if (this.unstartable.includes(name)) throw new Error('no more threads')
            const thread = new SimulatedThread(init, listener, world)
            this.events.push(`${name} starts`)
            return {
              post: (command) => thread.post(command),
              terminate: () => {
                this.events.push(`${name} ends`)
                return thread.terminate()
              },
            }
          },
        },
        wrapExecutor: (executor) => this.#observed(executor),
      },
    )
  }

  #observed(executor: TaskExecutor): TaskExecutor {
    return {
      deploy: (deployment, listener) => {
        const deployed = executor.deploy(deployment, listener)
        return {
          send: (task, command) => {
            this.onCommand(command.type)
            deployed.send(task, command)
          },
          end: () => deployed.end(),
        }
      },
    }
  }
}

describe('tasks in threads', () => {
  test.each(['trigger-checkpoint', 'checkpoint-completed', 'splits-assigned', 'finish'])(
    'give the same when a thread dies after %s',
    async (moment) => {
      const threaded = new ThreadedJob()
      const committed = collectSink<string>()
      let deaths = 0
      threaded.onCommand = (type) => {
        if (type !== moment || deaths > 0) return
        deaths = 1
        let stepsLeft = 3
        threaded.dies = (thread) => {
          if (thread === 1) stepsLeft -= 1
          return thread === 1 && stepsLeft === 0
        }
      }

      const outcome = await threaded.runtime.end(threaded.start(countJob(committed)))

      expect(deaths).toBe(1)
      expect(outcome).toBe('finished')
      expect(committed.values.toSorted()).toEqual(expected)
    },
  )

  test('fail with their thread, and start again in new threads', async () => {
    const threaded = new ThreadedJob()
    let alive = true
    threaded.dies = (thread) => {
      const dies = alive && thread === 1
      if (dies) alive = false
      return dies
    }

    const handle = threaded.start(countJob())
    const outcome = await threaded.runtime.end(handle)

    expect(outcome).toBe('finished')
    expect(handle.restarts).toBe(1)
    expect(threaded.logger.warnings).toMatchObject([
      {
        code: 'FLINKTS_THREAD_FAILED',
        reason: 'thread 1 ended by itself with exit code 1; it ran the tasks "values-1", "count-1"',
      },
    ])
    expect(threaded.events).toEqual([
      '1/0 starts',
      '1/1 starts',
      '1/0 ends',
      '1/1 ends',
      '2/0 starts',
      '2/1 starts',
      '2/0 ends',
      '2/1 ends',
    ])
  })

  test('fail if a thread cannot be started, and those that have started end', async () => {
    const threaded = new ThreadedJob()
    threaded.unstartable.push('1/1')

    const handle = threaded.start(countJob())
    const outcome = await threaded.runtime.end(handle)

    expect(outcome).toBe('finished')
    expect(handle.restarts).toBe(1)
    expect(threaded.logger.warnings).toMatchObject([
      {
        code: 'FLINKTS_THREAD_FAILED',
        reason: 'thread 1 failed: no more threads; it ran the tasks "values-1", "count-1"',
      },
    ])
    expect(threaded.events).toEqual([
      '1/0 starts',
      '1/0 ends',
      '2/0 starts',
      '2/1 starts',
      '2/0 ends',
      '2/1 ends',
    ])
  })

  test('fail with what to do when their thread has no memory left', async () => {
    const runtime = new TestRuntime()
    const cause = new Error('heap')
    const start: StartThread = ({ heapMibMax = 0 }, listener) => {
      runtime.scheduler.soon(() => listener.ended({ type: 'out-of-memory', heapMibMax, cause }))
      return { post: () => {}, terminate: () => Promise.resolve() }
    }

    const outcome = runtime.end(
      runtime.start(
        countJob(collectSink(), { type: 'none' }),
        { threads: 2, threadHeapMibMax: 512 },
        { threads: { module: 'test', start } },
      ),
    )

    await expect(outcome).rejects.toMatchObject({
      code: 'FLINKTS_THREAD_OUT_OF_MEMORY',
      message:
        'thread 0 has no memory left: its heap may have 512 MiB; it ran the tasks "values-0", ' +
        '"count-0"',
      hint: expect.stringContaining('Raise option "threadHeapMibMax"') as string,
      cause: { message: 'heap' },
    })
  })

  test('that do not close are ended with their threads, after a while', async () => {
    const threaded = new ThreadedJob()
    const sink = collectSink<string>()
    const createWriter = sink.createWriter.bind(sink)
    sink.createWriter = async (context, restored) => {
      const writer = await createWriter(context, restored)
      return { ...writer, close: () => new Promise<void>(() => {}) }
    }
    const handle = threaded.start(countJob(sink))
    const { scheduler } = threaded.runtime

    await scheduler.advance(9_999)
    const early = threaded.events.filter((event) => event.endsWith('ends'))
    await scheduler.advance(1)

    expect(early).toEqual([])
    expect(threaded.events).toEqual(['1/0 starts', '1/1 starts', '1/0 ends', '1/1 ends'])
    expect(await handle.ended).toBe('finished')
  })

  test('are cancelled at once while every ring is full', async () => {
    const runtime = new TestRuntime()
    const sink = collectSink<string>()
    const createWriter = sink.createWriter.bind(sink)
    sink.createWriter = async (context, restored) => {
      const writer = await createWriter(context, restored)
      return { ...writer, write: () => new Promise<void>(() => {}) }
    }
    const numbers = Array.from({ length: 20_000 }, (_, index) => index)
    const job = defineJob('stuck', { parallelism: 2 }, (env) => {
      env.source('values', collectionSource(numbers)).rebalance().map(String).sinkTo('out', sink)
    })
    const handle = runtime.start(job, { threads: 2 })
    await runtime.scheduler.advance(100)
    const read = handle.metrics().values.filter(({ name }) => name === 'recordsRead')

    handle.cancel()
    await runtime.scheduler.settle()

    expect(read.reduce((total, { value }) => total + value, 0)).toBeLessThan(numbers.length)
    expect(handle.status).toBe('cancelled')
    expect(await handle.ended).toBe('cancelled')
  })

  test('are refused a record that is no plain data', async () => {
    const threaded = new ThreadedJob()
    const job = defineJob('functions', { parallelism: 2 }, (env) => {
      env
        .source('values', collectionSource(values))
        .map((value) => ({ value, show: () => value }))
        .keyBy(({ value }) => value)
        .process('show', { state: {}, process: ({ value }) => [String(value)] })
        .sinkTo('out', collectSink<string>())
    })

    const outcome = threaded.runtime.end(threaded.start(job))

    await expect(outcome).rejects.toMatchObject({
      code: 'FLINKTS_RECORD_NOT_TRANSFERABLE',
      message: expect.stringMatching(
        /^a record of the edge from ".*" to ".*", to another thread, holds a function at "\.show"$/,
      ) as string,
    })
  })
})
