import type { JobDefinition } from '../../api/define-job.ts'
import type { Clock } from '../../common/clock.ts'
import type { Cancellable, Scheduler } from '../../common/scheduler.ts'
import type { Storage } from '../../common/storage.ts'
import { hostThread, type ThreadBells } from '../../threads/thread-host.ts'
import type {
  TaskThread,
  ThreadCommand,
  ThreadEvent,
  ThreadInit,
  ThreadListener,
} from '../../threads/thread-protocol.ts'

/** What simulated threads share. @internal */
export interface SimulatedThreadWorld {
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly storage: Storage
  /** What every thread finds in the module of the job. */
  readonly job: JobDefinition
  /** Asked at every step of a thread: whether it dies now. */
  readonly dies: (init: ThreadInit) => boolean
}

/**
 * A thread that takes turns with all others on one real thread: everything but the memory is that
 * of a real one, messages are cloned, and what is shared goes through the rings.
 *
 * @internal
 */
export class SimulatedThread implements TaskThread, Scheduler {
  readonly #world: SimulatedThreadWorld
  readonly #init: ThreadInit
  readonly #listener: ThreadListener
  readonly #commands: Link<ThreadCommand>
  readonly #started: Promise<((command: ThreadCommand) => void) | undefined>
  #alive = true

  constructor(init: ThreadInit, listener: ThreadListener, world: SimulatedThreadWorld) {
    this.#world = world
    this.#init = init
    this.#listener = listener
    const events = new Link<ThreadEvent>(world.scheduler, (event) => {
      if (this.#alive) listener.event(event)
    })
    const { promise, resolve } = Promise.withResolvers<
      ((command: ThreadCommand) => void) | undefined
    >()
    this.#started = promise
    this.#commands = new Link<ThreadCommand>(this, (command) => {
      void this.#started.then((handle) => handle?.(command))
    })
    const runtime = {
      clock: world.clock,
      scheduler: this,
      storage: world.storage,
      bells: new SimulatedBells(init, this),
      load: () => Promise.resolve({ default: world.job }),
      post: (event: ThreadEvent) => events.send(event),
    }
    const own = { ...init, deployment: structuredClone(init.deployment) }
    this.soon(() => resolve(hostThread(own, runtime)))
  }

  post(command: ThreadCommand): void {
    this.#commands.send(command)
  }

  terminate(): Promise<void> {
    this.#alive = false
    return Promise.resolve()
  }

  soon(callback: () => void): void {
    this.#world.scheduler.soon(() => this.#step(callback))
  }

  after(delayMs: number, callback: () => void): Cancellable {
    return this.#world.scheduler.after(delayMs, () => this.#step(callback))
  }

  #step(callback: () => void): void {
    if (!this.#alive) return
    if (this.#world.dies(this.#init)) {
      this.#alive = false
      this.#world.scheduler.soon(() => this.#listener.ended({ type: 'exit', exitCode: 1 }))
      return
    }
    callback()
  }
}

/** Carries messages one at a time, in order, each cloned. */
class Link<Message> {
  readonly #scheduler: Scheduler
  readonly #deliver: (message: Message) => void
  readonly #queue: Message[] = []

  constructor(scheduler: Scheduler, deliver: (message: Message) => void) {
    this.#scheduler = scheduler
    this.#deliver = deliver
  }

  send(message: Message): void {
    this.#queue.push(structuredClone(message))
    if (this.#queue.length === 1) this.#next()
  }

  #next(): void {
    this.#scheduler.soon(() => {
      const message = this.#queue.shift()
      if (this.#queue.length > 0) this.#next()
      if (message !== undefined) this.#deliver(message)
    })
  }
}

/** Who listens, by the memory that the threads of an attempt share. */
const listeners = new WeakMap<SharedArrayBuffer, Map<number, () => void>>()

class SimulatedBells implements ThreadBells {
  readonly #init: ThreadInit
  readonly #scheduler: Scheduler

  constructor(init: ThreadInit, scheduler: Scheduler) {
    this.#init = init
    this.#scheduler = scheduler
  }

  ring(thread: number): void {
    listeners.get(this.#init.bells)?.get(thread)?.()
  }

  listen(onRing: () => void): void {
    const all = listeners.get(this.#init.bells) ?? new Map<number, () => void>()
    listeners.set(this.#init.bells, all)
    all.set(this.#init.thread, () => this.#scheduler.soon(onRing))
  }
}
