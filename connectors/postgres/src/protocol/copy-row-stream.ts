import { FlinktsError } from '@flinkts/core/connector'
import type { Row } from '../records/change.ts'
import type { Relation } from '../records/relation.ts'
import type { PollStatus } from './replication-stream.ts'
import type { RowStream } from './row-stream.ts'
import { Availability } from './availability.ts'
import type { CopyChannel } from './copy-channel.ts'
import { CopyTextDecoder } from './copy-text.ts'
import type { RowDecoder } from './row-decoder.ts'

/** The rows of one COPY, from the channel that receives them. @internal */
export class CopyRowStream implements RowStream {
  readonly #channel: CopyChannel
  readonly #columns: () => RowDecoder
  #decoder: CopyTextDecoder | undefined
  readonly #availability = new Availability()
  #complete = false
  #failure: FlinktsError | undefined

  /** @param columns - Called when the first row is there. */
  constructor(channel: CopyChannel, columns: () => RowDecoder) {
    this.#channel = channel
    this.#columns = columns
  }

  poll(onRow: (row: Row) => boolean): PollStatus {
    const channel = this.#channel
    while (channel.peek()) {
      this.#decoder ??= new CopyTextDecoder(this.#columns())
      const row = this.#decoder.decode(channel)
      channel.skip()
      if (!onRow(row)) return this.#due() ? 'more-available' : 'nothing-available'
    }
    const failure = this.#failure ?? channel.failure
    if (failure !== undefined) throw failure
    return this.#complete ? 'ended' : 'nothing-available'
  }

  available(): Promise<void> {
    return this.#due() ? Promise.resolve() : this.#availability.wait()
  }

  /** Something arrived. */
  wake(): void {
    if (this.#due()) this.#availability.wake()
  }

  /** The statement ended; the rows that arrived are still to be polled. */
  end(): void {
    this.#complete = true
    this.#availability.wake()
  }

  /** The statement failed; the first failure counts. */
  fail(failure: FlinktsError): void {
    this.#failure ??= failure
    this.#availability.wake()
  }

  #due(): boolean {
    const { filled, failed } = this.#channel
    return filled || failed || this.#complete || this.#failure !== undefined
  }
}

/** @internal */
export function rowTooLong(relation: Relation, length: number): FlinktsError {
  const message = `a row of the table "${relation.table}" takes ${length} bytes`
  return new FlinktsError('FLINKTS_POSTGRES_MESSAGE_TOO_LARGE', message, {
    hint: 'Leave the large column out, or make its values smaller.',
  })
}
