import type { Api } from './api.ts'
import {
  type ErrorCodeResponse,
  readErrorCode,
  type TransactionReference,
  writeTransaction,
} from './transaction-reference.ts'

/** @internal */
export interface AddOffsetsToTxnRequest {
  readonly transaction: TransactionReference
  readonly groupId: string
}

/** Adds the offsets of a group to a transaction; TxnOffsetCommit follows. @internal */
export const addOffsetsToTxnApi: Api<AddOffsetsToTxnRequest, ErrorCodeResponse> = {
  name: 'AddOffsetsToTxn',
  key: 25,
  versions: { min: 2, max: 3 },
  flexibleFrom: 3,
  encode: (writer, { transaction, groupId }) => {
    writeTransaction(writer, transaction)
    writer.string(groupId)
  },
  decode: readErrorCode,
}
