import { FlinktsError } from '../../common/errors.ts'
import type { PlanEdge } from '../../graph/execution-plan.ts'
import { Channel, defaultChannelLimits } from '../../network/channel.ts'
import type { ChannelSelector } from '../../network/record-writer.ts'
import { noTimestamp, type StreamEvent } from '../../network/stream-element.ts'
import { channelSelector } from '../../task/channel-selector.ts'
import { inputOfEdge } from '../../task/task-connections.ts'
import { endOfTime } from '../../time/watermark.ts'
import type { HarnessPlan } from './harness-plan.ts'

/**
 * An input of a harness: plays the task before it, so that the channels hold what such a task
 * writes.
 *
 * @internal
 */
export class HarnessInput {
  readonly channels: readonly { readonly port: number; readonly channel: Channel }[]
  /** Of the edges that go by key: who gets a record. */
  readonly #selectors: readonly ChannelSelector[]
  readonly #subtask: number
  readonly #parallelism: number
  #idle = false

  /** `sourceId`: the source of the job that the input stands for. */
  constructor(sourceId: string, plan: HarnessPlan, subtask: number) {
    this.#subtask = subtask
    this.#parallelism = plan.vertex.parallelism
    const edges = plan.edges.filter(({ from }) => from.operatorId === sourceId)
    // A source at the head of the chain is left out: its records come through a channel.
    const ports =
      plan.vertex.vertexId === sourceId
        ? [0]
        : edges.map((edge) => inputOfEdge(plan.nodes, edge).port ?? 0)
    this.channels = ports.map((port) => ({ port, channel: new Channel(defaultChannelLimits) }))
    this.#selectors = edges.flatMap((edge) => keySelector(edge, plan, subtask) ?? [])
  }

  /** Whether the subtask gets the record. */
  owns(value: unknown): boolean {
    return this.#selectors.every((select) => select(value) === this.#subtask)
  }

  push(value: unknown, timestamp: number = noTimestamp): void {
    if (!this.owns(value)) throw this.#foreign(value)
    this.setIdle(false)
    for (const { channel } of this.channels) channel.push(value, timestamp)
  }

  watermark(timestamp: number): void {
    this.setIdle(false)
    this.pushEvent({ type: 'watermark', timestamp })
  }

  setIdle(idle: boolean): void {
    if (idle === this.#idle) return
    this.#idle = idle
    this.pushEvent({ type: 'idle', idle })
  }

  end(): void {
    this.watermark(endOfTime)
    this.pushEvent({ type: 'end-of-data' })
  }

  pushEvent(event: StreamEvent): void {
    for (const { channel } of this.channels) channel.pushEvent(event)
  }

  #foreign(value: unknown): FlinktsError {
    const owners = new Set(this.#selectors.map((select) => select(value)))
    return new FlinktsError(
      'FLINKTS_TEST_INVALID',
      `the key of the record belongs to subtask ${[...owners].join(' and ')} of ` +
        `${this.#parallelism}, the harness plays subtask ${this.#subtask}`,
      { hint: 'Ask harness.owns(value), or leave the parallelism at 1.' },
    )
  }
}

/** Which subtask the key of a record belongs to; `undefined`: the edge does not go by key. */
function keySelector(
  edge: PlanEdge,
  { plan, vertex, nodes }: HarnessPlan,
  subtask: number,
): ChannelSelector | undefined {
  if (edge.partitioning !== 'hash') return undefined
  return channelSelector(edge, {
    input: inputOfEdge(nodes, edge),
    subtask,
    channelCount: vertex.parallelism,
    maxParallelism: plan.maxParallelism,
  })
}
