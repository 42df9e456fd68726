import type { Compression } from '../records/compression.ts'
import type { Partitioner } from './partitioner.ts'

/** How a producer writes. @internal */
export interface ProducerOptions {
  /** Who must have a batch before it is acknowledged: all in sync (-1), the leader, or nobody. */
  readonly acks: -1 | 0 | 1
  readonly compression: Compression
  /** A batch of several records gets no larger before its compression; inclusive. */
  readonly batchBytesMax: number
  /** How long a batch waits for more records, if nothing else of its partition is under way. */
  readonly lingerMs: number
  /** Bytes of records that are not acknowledged, from which on `write` waits; exclusive. */
  readonly bufferBytesMax: number
  /** The most bytes of a record in a batch of its own, and of the batches of a request. */
  readonly requestBytesMax: number
  /** From the first attempt to send a batch on, for so long it is tried again. */
  readonly deliveryTimeoutMs: number
  /** Undefined: by key, and without key one partition after the other. */
  readonly partitioner: Partitioner | undefined
}
