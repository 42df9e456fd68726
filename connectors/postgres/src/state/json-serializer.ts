import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type { Serializer } from '@flinkts/core/connector'

/**
 * Plain data as UTF-8 JSON, version 1; `undefined` fields come back as absent ones.
 *
 * @param what - Names the data in errors.
 * @param isValid - Tells data of this kind from any other.
 * @internal
 */
export function jsonSerializer<T>(
  what: string,
  isValid: (value: unknown) => value is T,
): Serializer<T> {
  return {
    version: 1,
    serialize: (value) => new Uint8Array(Buffer.from(JSON.stringify(value), 'utf8')),
    deserialize: (version, bytes) => {
      if (version !== 1) throw unreadable(`${what} has version ${version}; this release reads 1`)
      const value = parse(what, bytes)
      if (!isValid(value)) throw unreadable(`the bytes are not ${what}`)
      return value
    },
  }
}

function parse(what: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw unreadable(`${what} is no JSON: ${messageOf(cause)}`, cause)
  }
}

/** The value of a field of anything. @internal */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return new Map(Object.entries(value)).get(name)
}

function unreadable(message: string, cause?: unknown): FlinktsError {
  return new FlinktsError('FLINKTS_STATE_UNREADABLE', message, {
    hint: 'Restore with the release of @flinkts/postgres that wrote the checkpoint or a later one.',
    cause,
  })
}
