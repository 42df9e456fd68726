import type { Api } from './api.ts'
import type { WireReader } from './wire-reader.ts'

/** @internal */
export interface ListGroupsRequest {
  /** Such as `Stable`; empty: all. */
  readonly states: readonly string[]
}

/** @internal */
export interface GroupListing {
  readonly groupId: string
  /** `Empty` or `Dead` without members. */
  readonly state: string
}

/** @internal */
export interface ListGroupsResponse {
  readonly errorCode: number
  readonly groups: readonly GroupListing[]
}

/** The groups, of any kind, that one broker coordinates and the user may describe. @internal */
export const listGroupsApi: Api<ListGroupsRequest, ListGroupsResponse> = {
  name: 'ListGroups',
  key: 16,
  versions: { min: 4, max: 4 },
  flexibleFrom: 3,
  encode: (writer, { states }) => writer.stringArray(states),
  decode: (reader) => {
    reader.int32()
    const errorCode = reader.int16()
    const groups = reader.array(readListing)
    reader.tags()
    return { errorCode, groups }
  },
}

function readListing(reader: WireReader): GroupListing {
  const groupId = reader.string()
  reader.string()
  const state = reader.string()
  reader.tags()
  return { groupId, state }
}
