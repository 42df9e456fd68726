import type { Api } from './api.ts'

/** A producer, and which of its lives; the broker fences all earlier ones. @internal */
export interface ProducerIdentity {
  /** A safe integer: brokers give them out from 0 on. */
  readonly producerId: number
  /** 0 (inclusive) to 2^15 (exclusive). */
  readonly producerEpoch: number
}

/** @internal */
export interface InitProducerIdRequest {
  /** Undefined: for a producer without transactions. */
  readonly transactionalId: string | undefined
  /** After which the broker aborts a transaction that is still open. */
  readonly transactionTimeoutMs: number
  /** Who the producer believes to be; undefined: whoever it was is fenced. */
  readonly expected: ProducerIdentity | undefined
}

/** Both fields of the identity are -1 with an error. @internal */
export interface InitProducerIdResponse extends ProducerIdentity {
  readonly errorCode: number
}

/** Gives a producer its id and the next epoch; aborts what it had open. @internal */
export const initProducerIdApi: Api<InitProducerIdRequest, InitProducerIdResponse> = {
  name: 'InitProducerId',
  key: 22,
  versions: { min: 4, max: 4 },
  flexibleFrom: 2,
  encode: (writer, request) => {
    writer.nullableString(request.transactionalId)
    writer.int32(request.transactionTimeoutMs)
    writer.int64(request.expected?.producerId ?? -1)
    writer.int16(request.expected?.producerEpoch ?? -1)
  },
  decode: (reader) => {
    reader.int32()
    const errorCode = reader.int16()
    const producerId = reader.int64()
    const producerEpoch = reader.int16()
    reader.tags()
    return { errorCode, producerId, producerEpoch }
  },
}
