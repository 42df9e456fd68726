import type { Api } from './api.ts'

/** What is coordinated: the offsets of a group, or the transactions of an id. @internal */
export type CoordinatorKind = 'group' | 'transaction'

/** @internal */
export interface FindCoordinatorRequest {
  readonly kind: CoordinatorKind
  /** The group, or the transactional id. */
  readonly key: string
}

/** @internal */
export interface FindCoordinatorResponse {
  readonly errorCode: number
  readonly errorMessage: string | undefined
  readonly nodeId: number
  readonly host: string
  readonly port: number
}

/** Which broker coordinates a group or the transactions of an id. @internal */
export const findCoordinatorApi: Api<FindCoordinatorRequest, FindCoordinatorResponse> = {
  name: 'FindCoordinator',
  key: 10,
  versions: { min: 2, max: 3 },
  flexibleFrom: 3,
  encode: (writer, { kind, key }) => {
    writer.string(key)
    writer.int8(kind === 'transaction' ? 1 : 0)
  },
  decode: (reader) => {
    reader.int32()
    const errorCode = reader.int16()
    const errorMessage = reader.nullableString()
    const nodeId = reader.int32()
    const host = reader.string()
    const port = reader.int32()
    reader.tags()
    return { errorCode, errorMessage, nodeId, host, port }
  },
}
