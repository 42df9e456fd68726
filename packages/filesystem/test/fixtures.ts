import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlinktsError, silentLogger } from '@flinkts/core/connector'
import type { Cancellable, Clock, Scheduler, SubtaskContext } from '@flinkts/core/connector'
import { onTestFinished } from 'vitest'

/** A directory that is removed when the test has finished. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'flinkts-filesystem-'))
  onTestFinished(async () => rm(directory, { recursive: true, force: true }))
  return directory
}

export async function textOf(directory: string, path: string): Promise<string> {
  return readFile(join(directory, path), 'utf8')
}

/** Time that moves when the test says so, and what was to run by then. */
export class ManualTime implements Clock, Scheduler {
  #now = 0
  #timers: { readonly at: number; readonly callback: () => void }[] = []

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  soon(callback: () => void): void {
    setImmediate(callback)
  }

  after(delayMs: number, callback: () => void): Cancellable {
    const timer = { at: this.#now + delayMs, callback }
    this.#timers.push(timer)
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer)
      },
    }
  }

  get timerCount(): number {
    return this.#timers.length
  }

  advance(ms: number): void {
    this.#now += ms
    const due = this.#timers.filter((timer) => timer.at <= this.#now)
    this.#timers = this.#timers.filter((timer) => timer.at > this.#now)
    for (const timer of due) timer.callback()
  }
}

export function subtaskContext(overrides: Partial<SubtaskContext> = {}): SubtaskContext {
  const time = new ManualTime()
  return {
    jobName: 'job',
    jobId: 'k3x',
    operatorId: 'out',
    attempt: 1,
    clock: time,
    scheduler: time,
    logger: silentLogger,
    subtask: 0,
    parallelism: 1,
    metrics: { counter: () => ({ add: () => {} }), gauge: () => {} },
    ...overrides,
  }
}

/** The error that `action` throws or rejects with. */
export async function failureOf(action: () => unknown): Promise<FlinktsError> {
  try {
    await action()
  } catch (thrown) {
    if (thrown instanceof FlinktsError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}
