import { FlinktsError } from '@flinkts/core/connector'
import type { Serializer } from '@flinkts/core/connector'
import * as z from 'zod'

/**
 * A file that is complete, durable, and not yet visible.
 *
 * @public
 */
export interface FileCommittable {
  /** Where it becomes visible, relative to the sink's path. */
  readonly path: string
  /** What the store needs to find it. */
  readonly token: string
  /** In bytes. */
  readonly size: number
  /** The number of records in it. */
  readonly records: number
}

/** Version 1: JSON, fields in the order of the type. @internal */
export const committableSerializer: Serializer<FileCommittable> = {
  version: 1,
  serialize({ path, token, size, records }) {
    return new TextEncoder().encode(JSON.stringify({ path, token, size, records }))
  },
  deserialize(version, bytes) {
    return parseState({ kind: 'committable', version, bytes, schema })
  },
}

/**
 * Parses JSON state of version 1.
 *
 * @throws FlinktsError FLINKTS_STATE_UNREADABLE
 * @internal
 */
export function parseState<T>(state: {
  readonly kind: string
  readonly version: number
  readonly bytes: Uint8Array
  readonly schema: z.ZodType<T>
}): T {
  const { kind, version, bytes, schema } = state
  if (version !== 1) {
    throw new FlinktsError('FLINKTS_STATE_UNREADABLE', `${kind} of version ${version} is unknown`, {
      hint:
        'It was written by a later release of @flinkts/filesystem. Use that release, ' +
        'or a later one.',
    })
  }
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (cause) {
    throw new FlinktsError('FLINKTS_STATE_UNREADABLE', `${kind} of version 1 is damaged`, {
      hint: 'Restore another checkpoint.',
      cause,
    })
  }
}

const count = z.int().nonnegative()
const schema: z.ZodType<FileCommittable> = z.object({
  path: z.string().min(1),
  token: z.string().min(1),
  size: count,
  records: count,
})
