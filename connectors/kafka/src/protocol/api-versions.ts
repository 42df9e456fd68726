import type { Api, BrokerVersions, VersionRange } from './api.ts'
import type { WireReader } from './wire-reader.ts'

/** @internal */
export interface ApiVersionsResponse {
  readonly errorCode: number
  readonly versions: BrokerVersions
}

/**
 * Which versions of which APIs a broker speaks; the first request on every connection. Version 2,
 * which every broker knows, as one that does not can only refuse the request.
 *
 * @internal
 */
export const apiVersionsApi: Api<undefined, ApiVersionsResponse> = {
  name: 'ApiVersions',
  key: 18,
  versions: { min: 2, max: 2 },
  flexibleFrom: 3,
  encode: () => {},
  decode: (reader) => {
    const errorCode = reader.int16()
    const versions = new Map(reader.array(readVersions))
    // A broker that does not know the version answers in that of version 0.
    if (errorCode === 0) reader.int32()
    return { errorCode, versions }
  },
}

function readVersions(reader: WireReader): readonly [number, VersionRange] {
  const key = reader.int16()
  const min = reader.int16()
  const max = reader.int16()
  reader.tags()
  return [key, { min, max }]
}
