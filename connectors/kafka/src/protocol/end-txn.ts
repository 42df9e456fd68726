import type { Api } from './api.ts'
import {
  type ErrorCodeResponse,
  readErrorCode,
  type TransactionReference,
  writeTransaction,
} from './transaction-reference.ts'

/** @internal */
export interface EndTxnRequest {
  readonly transaction: TransactionReference
  readonly end: 'commit' | 'abort'
}

/**
 * Commits or aborts. From version 5 on the broker moves the epoch with it: then a commit could not
 * be repeated after a failure, and who holds the epoch could not be told.
 *
 * @internal
 */
export const endTxnApi: Api<EndTxnRequest, ErrorCodeResponse> = {
  name: 'EndTxn',
  key: 26,
  versions: { min: 2, max: 3 },
  flexibleFrom: 3,
  encode: (writer, { transaction, end }) => {
    writeTransaction(writer, transaction)
    writer.boolean(end === 'commit')
  },
  decode: readErrorCode,
}
