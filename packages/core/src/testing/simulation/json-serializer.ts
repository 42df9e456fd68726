import type { Serializer } from '../../common/serializer.ts'

/** Plain data as JSON. @internal */
export function jsonSerializer<T>(): Serializer<T> {
  return {
    version: 1,
    serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
    deserialize: (_version, bytes) => JSON.parse(new TextDecoder().decode(bytes)) as T,
  }
}
