import type { Api } from './api.ts'
import type { WireReader } from './wire-reader.ts'

/** The states of a transaction, as brokers name them. @internal */
export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'PrepareEpochFence'
  | 'Dead'

/** @internal */
export interface ListTransactionsRequest {
  /** Empty: all. */
  readonly states: readonly TransactionState[]
  /** An expression of Java for the whole id; brokers before 4.1 do not filter by it. */
  readonly transactionalIdPattern: string | undefined
}

/** @internal */
export interface TransactionListing {
  readonly transactionalId: string
  readonly producerId: number
  /** One of `TransactionState`, or what a newer broker names. */
  readonly state: string
}

/** @internal */
export interface ListTransactionsResponse {
  readonly errorCode: number
  readonly unknownStates: readonly string[]
  readonly transactions: readonly TransactionListing[]
}

const anyDuration = -1

/** The transactional ids that one broker coordinates. @internal */
export const listTransactionsApi: Api<ListTransactionsRequest, ListTransactionsResponse> = {
  name: 'ListTransactions',
  key: 66,
  versions: { min: 0, max: 2 },
  flexibleFrom: 0,
  encode: (writer, { states, transactionalIdPattern }) => {
    writer.stringArray(states)
    // Ids of producers: all of them.
    writer.int32Array([])
    if (writer.version >= 1) writer.int64(anyDuration)
    if (writer.version >= 2) writer.nullableString(transactionalIdPattern)
  },
  decode: (reader) => {
    reader.int32()
    const errorCode = reader.int16()
    const unknownStates = reader.stringArray()
    const transactions = reader.array(readListing)
    reader.tags()
    return { errorCode, unknownStates, transactions }
  },
}

function readListing(reader: WireReader): TransactionListing {
  const transactionalId = reader.string()
  const producerId = reader.int64()
  const state = reader.string()
  reader.tags()
  return { transactionalId, producerId, state }
}
