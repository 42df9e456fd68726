import type { ProducerIdentity } from './init-producer-id.ts'
import type { WireReader } from './wire-reader.ts'
import type { WireWriter } from './wire-writer.ts'

/**
 * A transaction: there is one open at most for an id, and this connector gives each an epoch of its
 * own. Plain data, so that whoever has it may end the transaction.
 *
 * @internal
 */
export interface TransactionReference extends ProducerIdentity {
  readonly transactionalId: string
}

/** @internal */
export interface ErrorCodeResponse {
  readonly errorCode: number
}

/** Writes the three fields in the order that most requests have. @internal */
export function writeTransaction(writer: WireWriter, transaction: TransactionReference): void {
  writer.string(transaction.transactionalId)
  writer.int64(transaction.producerId)
  writer.int16(transaction.producerEpoch)
}

/** Reads a response that holds an error code and nothing else. @internal */
export function readErrorCode(reader: WireReader): ErrorCodeResponse {
  reader.int32()
  const errorCode = reader.int16()
  reader.tags()
  return { errorCode }
}
