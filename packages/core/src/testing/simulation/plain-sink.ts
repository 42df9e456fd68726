import type { SubtaskContext } from '../../connector/context.ts'
import type { SinkWriter } from '../../connector/sink-writer.ts'
import type { Sink } from '../../connector/sink.ts'
import type { SimulatedIo } from './simulated-source.ts'
import type { SimulatedTarget } from './simulated-target.ts'

const bufferRecordsMax = 4

/**
 * A sink without a committer: what it writes is visible at once, and a crash may repeat it.
 * @internal
 */
export class PlainSink implements Sink<string, never, 'at-least-once', never> {
  readonly description = 'simulated target, without transactions'
  readonly guarantee = 'at-least-once' as const
  readonly mechanism = 'flush before the checkpoint'
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo

  constructor(target: SimulatedTarget, io: SimulatedIo) {
    this.#target = target
    this.#io = io
  }

  createWriter(context: SubtaskContext): Promise<SinkWriter<string, never>> {
    this.#target.openWriter(context)
    return Promise.resolve(new PlainWriter(context, this.#target, this.#io))
  }
}

class PlainWriter implements SinkWriter<string, never> {
  readonly #context: SubtaskContext
  readonly #target: SimulatedTarget
  readonly #io: SimulatedIo
  #buffer: string[] = []

  constructor(context: SubtaskContext, target: SimulatedTarget, io: SimulatedIo) {
    this.#context = context
    this.#target = target
    this.#io = io
  }

  write(value: string): void | Promise<void> {
    this.#buffer.push(value)
    return this.#buffer.length < bufferRecordsMax ? undefined : this.flush()
  }

  async flush(): Promise<void> {
    const records = this.#buffer
    this.#buffer = []
    await this.#io.process.io()
    this.#target.show(this.#context, records)
    await this.#io.process.io()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
