import type { Serializer, SourceSplit } from '@flinkts/core/connector'
import * as z from 'zod'
import { parseState } from './committable.ts'

/**
 * A byte range of a file, and how far it was read.
 *
 * @public
 */
export interface FileSplit extends SourceSplit {
  /** In the store, relative to its root. */
  readonly path: string
  /** The size of the file when it was discovered; nothing beyond is read. */
  readonly fileSize: number
  /** Offset, inclusive. A record belongs to the split in which its first byte lies. */
  readonly start: number
  /** Offset, exclusive. */
  readonly end: number
  /** `start`, or the end (exclusive) of the last record emitted. */
  readonly position: number
}

/**
 * The splits of a file: ranges of `splitBytes`, the last one shorter. None for an empty file.
 *
 * @internal
 */
export function splitsOf(
  file: { readonly path: string; readonly size: number },
  splitBytes: number,
): readonly FileSplit[] {
  const splits: FileSplit[] = []
  for (let start = 0; start < file.size; start += splitBytes) {
    const end = Math.min(start + splitBytes, file.size)
    const splitId = `${file.path}:${start}-${end}`
    splits.push({ splitId, path: file.path, fileSize: file.size, start, end, position: start })
  }
  return splits
}

const offset = z.int().nonnegative()

/** @internal */
export const splitSchema: z.ZodType<FileSplit> = z.object({
  splitId: z.string().min(1),
  path: z.string().min(1),
  fileSize: offset,
  start: offset,
  end: offset,
  position: offset,
})

/** Version 1: JSON, fields in the order of the type. @internal */
export const splitSerializer: Serializer<FileSplit> = {
  version: 1,
  serialize({ splitId, path, fileSize, start, end, position }) {
    const split = { splitId, path, fileSize, start, end, position }
    return new TextEncoder().encode(JSON.stringify(split))
  },
  deserialize(version, bytes) {
    return parseState({ kind: 'split', version, bytes, schema: splitSchema })
  },
}
