import { defined, unreachable } from '../common/assert.ts'
import type { Clock } from '../common/clock.ts'
import type { RecordRun } from '../network/channel.ts'
import type { FlowControl } from '../network/flow-control.ts'
import type { InputGate } from '../network/input-gate.ts'
import type { Output } from '../network/output.ts'
import type { CombinedBatch } from '../network/record-combiner.ts'
import type { CheckpointBarrier, StreamEvent } from '../network/stream-element.ts'
import { noWatermark } from '../time/watermark.ts'
import { WatermarkValve, type WatermarkValveOutput } from '../time/watermark-valve.ts'
import { BarrierAligner } from './barrier-aligner.ts'
import type { InputListener, StepResult, TaskInput } from './task-input.ts'

/** @internal */
export interface GateInputParts {
  readonly gate: InputGate
  /** For every channel, which of the heads gets its records. */
  readonly ports: readonly number[]
  readonly heads: readonly Output[]
  readonly flow: FlowControl
  readonly clock: Clock
  readonly listener: InputListener
  /** Whether elements are batches of combined records. */
  readonly combined: boolean
  /** Called with the watermark of all heads together when it may have advanced. */
  readonly onWatermark: (timestamp: number) => void
}

/** Input from the channels of other tasks. @internal */
export class GateInput implements TaskInput {
  readonly #parts: GateInputParts
  readonly #valves: readonly WatermarkValve[]
  /** What each valve has let through. */
  readonly #watermarks: number[]
  /** For every channel, its index among the channels of its head. */
  readonly #channelInPort: readonly number[]
  readonly #aligner: BarrierAligner
  readonly #blocked = (channel: number): boolean => this.#aligner.blocks(channel)
  /** The run being processed, and how far it is. */
  #run: RecordRun | undefined
  #runHead: Output
  #position = 0
  /** An event that waits until the chain is done with the records before it. */
  #event: { readonly channel: number; readonly event: StreamEvent } | undefined
  #endedChannels = 0
  #alignmentStart = 0

  constructor(parts: GateInputParts) {
    this.#parts = parts
    const { heads, ports } = parts
    const channelsOf = (port: number): number => ports.filter((other) => other === port).length
    this.#watermarks = heads.map(() => noWatermark)
    this.#valves = heads.map((head, port) => {
      return new WatermarkValve(channelsOf(port), this.#valveOutput(head, port))
    })
    this.#channelInPort = ports.map((port, channel) => {
      return ports.slice(0, channel).filter((other) => other === port).length
    })
    this.#runHead = this.#headOf(0)
    this.#aligner = new BarrierAligner(parts.gate.channelCount)
  }

  step(recordsMax: number): StepResult {
    const { flow, gate } = this.#parts
    let left = recordsMax
    while (left > 0) {
      if (this.#event !== undefined) {
        if (flow.unfinished) return 'halted'
        if (flow.held && needsRoom(this.#event.event)) return 'halted'
        this.#handleEvent(this.#event.channel, this.#event.event)
        this.#event = undefined
      }
      if (this.#run !== undefined) {
        if (flow.halted || flow.held) return 'halted'
        left -= this.#processRun(this.#run, left)
        continue
      }
      const taken = gate.take(this.#blocked)
      if (taken === undefined) return this.#ended ? 'ended' : 'nothing'
      if (taken.element.type === 'records') this.#startRun(taken.channel, taken.element)
      else this.#event = { channel: taken.channel, event: taken.element }
    }
    return 'more'
  }

  #valveOutput(head: Output, port: number): WatermarkValveOutput {
    return {
      emitWatermark: (timestamp) => {
        this.#watermarks[port] = timestamp
        this.#parts.onWatermark(Math.min(...this.#watermarks))
        head.emitWatermark(timestamp)
      },
      emitIdle: (idle) => head.emitIdle(idle),
    }
  }

  get #ended(): boolean {
    return this.#endedChannels === this.#parts.gate.channelCount
  }

  #startRun(channel: number, run: RecordRun): void {
    this.#run = run
    this.#runHead = this.#headOf(channel)
    this.#position = 0
  }

  #processRun(run: RecordRun, recordsMax: number): number {
    const { flow, listener } = this.#parts
    const head = this.#runHead
    const { values, timestamps } = run
    const start = this.#position
    const end = Math.min(values.length, start + recordsMax)
    let position = start
    while (position < end && !flow.halted && !flow.held) {
      const timestamp = timestamps[position] ?? Number.NEGATIVE_INFINITY
      const value = values[position]
      position += 1
      head.collect(value, timestamp)
    }
    this.#position = position
    if (position === values.length) this.#run = undefined
    const taken = this.#parts.combined ? combinedCount(values, start, position) : position - start
    listener.recordsProcessed(taken)
    return position - start
  }

  #handleEvent(channel: number, event: StreamEvent): void {
    switch (event.type) {
      case 'watermark':
        return this.#valveOf(channel).inputWatermark(this.#indexInPort(channel), event.timestamp)
      case 'idle':
        return this.#valveOf(channel).inputIdle(this.#indexInPort(channel), event.idle)
      case 'barrier':
        return this.#handleBarrier(channel, event)
      case 'end-of-data':
        this.#endedChannels += 1
        return undefined
      default:
        return unreachable(event)
    }
  }

  #portOf(channel: number): number {
    return defined(this.#parts.ports[channel], 'every channel belongs to an input')
  }

  #headOf(channel: number): Output {
    return defined(this.#parts.heads[this.#portOf(channel)], 'every input has a head')
  }

  #valveOf(channel: number): WatermarkValve {
    return defined(this.#valves[this.#portOf(channel)], 'every input has a valve')
  }

  #indexInPort(channel: number): number {
    return defined(this.#channelInPort[channel], 'every channel belongs to an input')
  }

  #handleBarrier(channel: number, barrier: CheckpointBarrier): void {
    const { clock, listener } = this.#parts
    const now = clock.monotonic()
    if (barrier.checkpointId > this.#aligner.checkpointId) this.#alignmentStart = now
    if (!this.#aligner.receive(channel, barrier)) return
    listener.barrierReceived(barrier, now - this.#alignmentStart)
  }
}

/** How many records batches stand for; `end` is exclusive. */
function combinedCount(batches: readonly unknown[], start: number, end: number): number {
  let count = 0
  for (let at = start; at < end; at += 1) {
    for (const records of (batches[at] as CombinedBatch).counts) count += records
  }
  return count
}

/** Whether the operator at the head keeps the event, until it has emitted what came before. */
function needsRoom({ type }: StreamEvent): boolean {
  return type === 'watermark' || type === 'idle'
}
