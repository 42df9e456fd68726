import { FlinktsError, messageOf, type Serializer } from '@flinkts/core/connector'
import type { z } from 'zod'

/**
 * Plain data as JSON in UTF-8, version 1.
 *
 * @param what - Names the data in errors.
 * @param schema - What the data must be.
 * @internal
 */
export function jsonSerializer<T>(what: string, schema: z.ZodType<T>): Serializer<T> {
  return {
    version: 1,
    serialize: (value) => new Uint8Array(Buffer.from(JSON.stringify(value), 'utf8')),
    deserialize: (version, bytes) => {
      if (version !== 1) throw unreadable(`${what} has version ${version}; this release reads 1`)
      const parsed = schema.safeParse(parseJson(what, bytes))
      if (!parsed.success) throw unreadable(`the bytes are not ${what}`, parsed.error)
      return parsed.data
    },
  }
}

function parseJson(what: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    throw unreadable(`${what} is no JSON: ${messageOf(cause)}`, cause)
  }
}

function unreadable(message: string, cause?: unknown): FlinktsError {
  return new FlinktsError('FLINKTS_STATE_UNREADABLE', message, {
    hint: 'Restore with the release of @flinkts/kafka that wrote the checkpoint or a later one.',
    cause,
  })
}
