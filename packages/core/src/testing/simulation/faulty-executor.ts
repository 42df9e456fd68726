import type {
  DeployedTasks,
  Deployment,
  TaskCommand,
  TaskEvent,
  TaskExecutor,
  TaskId,
} from '../../task/task-protocol.ts'
import { taskName } from '../../task/task-protocol.ts'
import type { SimulatedProcess, SimulatedWorld } from './simulated-world.ts'

/** How likely a message that may be lost is lost, or comes twice. @internal */
export interface MessageFaults {
  readonly loss: number
  readonly repetition: number
}

/** The messages that may be lost or repeated: see `TaskCommand`. */
const unreliable: ReadonlySet<string> = new Set([
  'trigger-checkpoint',
  'abort-checkpoint',
  'checkpoint-completed',
  'checkpoint-acknowledged',
  'checkpoint-declined',
  'committed',
  'watermark-limit',
  'watermark-reported',
])

/**
 * Puts a link with faults between the coordinator and each task: messages take a step each, in
 * order; some are lost or repeated.
 *
 * @internal
 */
export class FaultyExecutor implements TaskExecutor {
  readonly #executor: TaskExecutor
  readonly #world: SimulatedWorld
  readonly #process: SimulatedProcess
  readonly #faults: () => MessageFaults

  constructor(
    executor: TaskExecutor,
    world: SimulatedWorld,
    process: SimulatedProcess,
    faults: () => MessageFaults,
  ) {
    this.#executor = executor
    this.#world = world
    this.#process = process
    this.#faults = faults
  }

  deploy(
    deployment: Deployment,
    listener: (task: TaskId, event: TaskEvent) => void,
  ): DeployedTasks {
    const toCoordinator = this.#links<TaskEvent>(listener)
    const deployed = this.#executor.deploy(deployment, toCoordinator)
    return {
      send: this.#links<TaskCommand>((task, command) => deployed.send(task, command)),
      end: () => deployed.end(),
    }
  }

  /** One link for each task, all in one direction. */
  #links<Message extends { readonly type: string }>(
    deliver: (task: TaskId, message: Message) => void,
  ): (task: TaskId, message: Message) => void {
    const links = new Map<string, Link>()
    return (task, message) => {
      const name = taskName(task)
      const link = links.get(name) ?? new Link(this.#process)
      links.set(name, link)
      for (let copy = this.#copies(message.type); copy > 0; copy -= 1) {
        link.send(() => deliver(task, message))
      }
    }
  }

  #copies(type: string): number {
    if (!unreliable.has(type)) return 1
    const { loss, repetition } = this.#faults()
    if (this.#world.chance(loss)) return 0
    return this.#world.chance(repetition) ? 2 : 1
  }
}

/** Delivers in order, a step for each message. */
class Link {
  readonly #process: SimulatedProcess
  readonly #messages: (() => void)[] = []

  constructor(process: SimulatedProcess) {
    this.#process = process
  }

  send(deliver: () => void): void {
    this.#messages.push(deliver)
    if (this.#messages.length === 1) this.#process.soon(() => this.#deliver())
  }

  #deliver(): void {
    this.#messages[0]?.()
    this.#messages.shift()
    if (this.#messages.length > 0) this.#process.soon(() => this.#deliver())
  }
}
