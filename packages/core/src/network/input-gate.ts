import { defined } from '../common/assert.ts'
import type { InputChannel, RecordRun } from './channel.ts'
import type { StreamEvent } from './stream-element.ts'

/** What the gate gives next. @internal */
export interface GateElement {
  readonly channel: number
  readonly element: RecordRun | StreamEvent
}

/** The input channels of a task; takes from those that may be read, in turn. @internal */
export class InputGate {
  readonly #channels: readonly InputChannel[]
  #next = 0

  constructor(channels: readonly InputChannel[], onReadable: () => void) {
    this.#channels = channels
    for (const channel of channels) channel.onReadable = onReadable
  }

  get channelCount(): number {
    return this.#channels.length
  }

  /** The next element of a channel that `blocked` does not hold back, or `undefined`. */
  take(blocked: (channel: number) => boolean): GateElement | undefined {
    for (let tried = 0; tried < this.#channels.length; tried += 1) {
      const index = this.#next
      this.#next = index + 1 === this.#channels.length ? 0 : index + 1
      if (blocked(index)) continue
      const element = defined(this.#channels[index], 'the channel exists').take()
      if (element !== undefined) return { channel: index, element }
    }
    return undefined
  }
}
