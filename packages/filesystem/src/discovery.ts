import { parse, resolve, sep } from 'node:path'
import picomatch from 'picomatch'
import type { ObjectInfo, ObjectStore } from './object-store.ts'

/** Which objects of a store a source reads. @internal */
export interface FilePattern {
  /** As the user wrote it, for messages. */
  readonly text: string
  /** The path of a single file, if it may be one. */
  readonly file: string | undefined
  /** What the paths of all other files begin with: for the listing. */
  readonly prefix: string
  /** Whether files can lie below the first `/` after the prefix. */
  readonly recursive: boolean
  /** Whether a file that was listed is meant. */
  matches(path: string): boolean
}

/**
 * A file, a directory (all files below it), or a glob, in the paths of a store.
 *
 * @internal
 */
export function filePattern(text: string, storePath: string): FilePattern {
  const { base, glob } = picomatch.scan(storePath)
  if (glob === '') {
    const file = storePath.replace(/\/+$/, '')
    const prefix = file === '' ? '' : `${file}/`
    const matches = (path: string): boolean => isVisible(path, prefix)
    return { text, file, prefix, recursive: true, matches }
  }
  const prefix = base === '' ? '' : `${base}/`
  const matchesGlob = picomatch(storePath)
  const matches = (path: string): boolean => matchesGlob(path) && isVisible(path, prefix)
  return {
    text,
    file: undefined,
    prefix,
    recursive: glob.includes('/') || glob.includes('**'),
    matches,
  }
}

/**
 * The path in a store whose root is the root of the file system: `/data/in` is `data/in`.
 *
 * @internal
 */
export function localStorePath(path: string): string {
  const absolute = resolve(path)
  return absolute.slice(parse(absolute).root.length).replaceAll(sep, '/')
}

/** All files that match one of the patterns, each once, in the order of their paths. @internal */
export async function discover(
  store: ObjectStore,
  patterns: readonly FilePattern[],
): Promise<readonly ObjectInfo[]> {
  const found = new Map<string, ObjectInfo>()
  for (const pattern of patterns) {
    for await (const info of filesOf(store, pattern)) found.set(info.path, info)
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

async function* filesOf(store: ObjectStore, pattern: FilePattern): AsyncIterable<ObjectInfo> {
  const { file, prefix, recursive } = pattern
  const single = file === undefined ? undefined : await store.stat(file)
  if (single !== undefined) {
    yield single
    return
  }
  for await (const info of store.list(prefix, { recursive })) {
    if (pattern.matches(info.path)) yield info
  }
}

/** Hadoop's rule: names with a dot or underscore at the front are files in progress, or markers. */
function isVisible(path: string, prefix: string): boolean {
  return !path
    .slice(prefix.length)
    .split('/')
    .some((segment) => segment.startsWith('.') || segment.startsWith('_'))
}
