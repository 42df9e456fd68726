import type { Serializer } from '../common/serializer.ts'
import { ByteReader, unreadable } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { ValueReader, ValueWriter, valueCodecVersion } from './value-codec.ts'

/**
 * The codec of values as a serializer, one session a value. `owner` names what holds the values,
 * for errors. What `serialize` returns is the caller's.
 *
 * @throws FlinktsError FLINKTS_STATE_UNSERIALIZABLE, FLINKTS_STATE_UNREADABLE when it is used
 * @internal
 */
export function valueSerializer<T>(owner: string): Serializer<T> {
  return {
    version: valueCodecVersion,
    serialize: (value) => {
      const out = new ByteWriter()
      new ValueWriter(out, owner).write(value)
      return out.written()
    },
    deserialize: (version, bytes) => {
      if (version !== valueCodecVersion) {
        throw unreadable(`${owner} holds a value of the unknown codec version ${version}`)
      }
      // Only `serialize` wrote it, and so it is a T.
      return new ValueReader(new ByteReader(bytes)).read() as T
    },
  }
}
