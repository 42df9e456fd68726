import * as fs from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { assert } from '@flinkts/core/connector'
import type { Finding } from '@flinkts/core/connector'
import { checkReadable, checkWritable } from './directory-check.ts'
import type { DirectoryEntry, FileOperations, OpenFile } from './file-operations.ts'
import type {
  ByteRange,
  ListOptions,
  ObjectInfo,
  ObjectStore,
  PreparedUpload,
  PublishOutcome,
  Upload,
  UploadInfo,
} from './object-store.ts'
import { absentAsUndefined, storageError } from './storage-error.ts'

/**
 * The files below a directory, which is created when something is written. An upload is a hidden
 * file (`.<name>.inprogress`) beside its final place, so that publishing is a rename, and a glob
 * such as `*.jsonl` never meets it. Whatever a method made durable is synced: the file, and the
 * directories that lead to it.
 *
 * @public
 */
export function localDirectory(path: string): ObjectStore {
  return new LocalObjectStore(resolve(path))
}

const IN_PROGRESS = '.inprogress'

// A directory beyond these is synced again when it is used: costs time, nothing else.
const SYNCED_DIRECTORIES_MAX = 10_000

/** See `localDirectory`. @internal */
export class LocalObjectStore implements ObjectStore {
  readonly location: string
  readonly #files: FileOperations
  /** Directories whose entries, and those of the directories above, are known to be durable. */
  readonly #syncedDirectories: Set<string> = new Set()

  /** `location` is absolute. */
  constructor(location: string, files: FileOperations = fs) {
    this.location = location
    this.#files = files
  }

  async check(mode: 'read' | 'write'): Promise<readonly Finding[]> {
    return mode === 'read'
      ? checkReadable(this.#files, this.location)
      : checkWritable(this.#files, this.location)
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    return this.#run('reading', path, async (file) => {
      const found = await absentAsUndefined(this.#files.stat(file))
      if (found === undefined || !found.isFile()) return undefined
      return { path, size: found.size, modifiedMs: found.mtimeMs, version: String(found.ino) }
    })
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncIterable<ObjectInfo> {
    const recursive = options.recursive ?? true
    for await (const path of this.#walk(parentOf(prefix), prefix, recursive)) {
      if (isInProgress(nameOf(path))) continue
      // A file that vanished in between is not there.
      const info = await this.stat(path)
      if (info !== undefined) yield info
    }
  }

  async get(path: string, range: ByteRange): Promise<Uint8Array | undefined> {
    return this.#run('reading', path, async (file) => {
      const handle = await absentAsUndefined(this.#files.open(file, 'r'))
      if (handle === undefined) return undefined
      try {
        const { ino, size } = await handle.stat()
        if (range.version !== undefined && range.version !== String(ino)) return undefined
        const length = Math.max(0, Math.min(range.end, size) - range.start)
        return await readFully(handle, new Uint8Array(length), range.start)
      } finally {
        await handle.close()
      }
    })
  }

  async put(path: string, bytes: Uint8Array): Promise<void> {
    // What an earlier call left behind when it died is overwritten.
    const upload = await this.#openUpload(path, 'w')
    await upload.append(bytes)
    await this.#replace(await upload.prepare(), path)
  }

  async delete(path: string): Promise<void> {
    await this.#run('removing', path, async (file) => {
      await absentAsUndefined(this.#files.unlink(file))
    })
  }

  async createUpload(path: string): Promise<Upload> {
    return this.#openUpload(path, 'wx')
  }

  async publish(prepared: PreparedUpload, path: string): Promise<PublishOutcome> {
    const source = await this.stat(prepared.token)
    const target = await this.stat(path)
    if (source === undefined && target === undefined) return 'lost'
    if (source === undefined) {
      // The call before may have died between the rename and the sync.
      await this.#run('syncing', path, (file) => syncDirectory(this.#files, dirname(file)))
      return 'already-published'
    }
    // Both: a file system that does not rename atomically, or a stranger's file.
    if (source.size !== prepared.size) return target === undefined ? 'lost' : 'conflict'
    if (target !== undefined && target.size !== prepared.size) return 'conflict'
    await this.#replace(prepared, path)
    return 'published'
  }

  async *listUploads(namePrefix: string): AsyncIterable<UploadInfo> {
    for await (const token of this.#walk('', '', true)) {
      const hidden = nameOf(token)
      if (!isInProgress(hidden)) continue
      const name = hidden.slice(1, -IN_PROGRESS.length)
      if (name.startsWith(namePrefix)) yield { name, token }
    }
  }

  async abortUpload(upload: UploadInfo): Promise<void> {
    assert(isInProgress(nameOf(upload.token)), 'only an unpublished upload is aborted')
    await this.delete(upload.token)
  }

  async #openUpload(path: string, flags: 'w' | 'wx'): Promise<Upload> {
    const token = join(parentOf(path), `.${nameOf(path)}${IN_PROGRESS}`)
    return this.#run('creating', token, async (file) => {
      await this.#makeDirectory(dirname(file))
      const handle = await this.#files.open(file, flags)
      return new LocalUpload({ token, file, handle, files: this.#files })
    })
  }

  async #replace(prepared: PreparedUpload, path: string): Promise<void> {
    await this.#run('publishing', path, async (file) => {
      await this.#makeDirectory(dirname(file))
      await this.#files.rename(join(this.location, prepared.token), file)
      await syncDirectory(this.#files, dirname(file))
    })
  }

  /**
   * Creates a directory with those above it, and makes their entries durable: also of those that
   * exist, as whoever created them may have died before that, or not have come to it yet.
   */
  async #makeDirectory(directory: string): Promise<void> {
    const first = await this.#files.mkdir(directory, { recursive: true })
    const createdLength = first?.length ?? Number.POSITIVE_INFINITY
    const synced: string[] = []
    for (const entry of withParents(directory)) {
      const created = entry.length >= createdLength
      if (!created && this.#syncedDirectories.has(entry)) break
      await this.#syncParent(entry, created)
      synced.push(entry)
    }
    if (this.#syncedDirectories.size >= SYNCED_DIRECTORIES_MAX) this.#syncedDirectories.clear()
    for (const entry of synced) this.#syncedDirectories.add(entry)
  }

  async #syncParent(directory: string, created: boolean): Promise<void> {
    try {
      await syncDirectory(this.#files, dirname(directory))
    } catch (cause) {
      // Above the root there are directories of others, which may not be readable.
      if (created || directory.length > this.location.length) throw cause
    }
  }

  /** The paths of the files in a directory that begin with `prefix`, in order. */
  async *#walk(directory: string, prefix: string, recursive: boolean): AsyncIterable<string> {
    for (const entry of await this.#entries(directory)) {
      const path = directory === '' ? entry.name : `${directory}/${entry.name}`
      if (entry.isDirectory()) {
        const leads = `${path}/`.startsWith(prefix) || prefix.startsWith(`${path}/`)
        if (recursive && leads) yield* this.#walk(path, prefix, recursive)
      } else if (path.startsWith(prefix)) {
        yield path
      }
    }
  }

  async #entries(directory: string): Promise<readonly DirectoryEntry[]> {
    return this.#run('listing', directory, async (folder) => {
      const entries = await absentAsUndefined(this.#files.readdir(folder, { withFileTypes: true }))
      return (entries ?? []).toSorted((a, b) => compare(sortKey(a), sortKey(b)))
    })
  }

  async #run<T>(doing: string, path: string, action: (file: string) => Promise<T>): Promise<T> {
    const file = join(this.location, path)
    const below = relative(this.location, file)
    assert(below !== '..' && !below.startsWith('../'), 'a path stays below the root of its store')
    try {
      return await action(file)
    } catch (cause) {
      throw storageError(`${doing} "${file}"`, cause)
    }
  }
}

class LocalUpload implements Upload {
  readonly #token: string
  readonly #file: string
  readonly #handle: OpenFile
  readonly #files: FileOperations
  #size = 0

  constructor(parts: { token: string; file: string; handle: OpenFile; files: FileOperations }) {
    this.#token = parts.token
    this.#file = parts.file
    this.#handle = parts.handle
    this.#files = parts.files
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#run('writing', () => writeFully(this.#handle, bytes))
    this.#size += bytes.length
  }

  async prepare(): Promise<PreparedUpload> {
    await this.#run('syncing', async () => {
      await this.#handle.datasync()
      await this.#handle.close()
      await syncDirectory(this.#files, dirname(this.#file))
    })
    return { token: this.#token, size: this.#size }
  }

  async abort(): Promise<void> {
    await this.#run('removing', async () => {
      await this.#handle.close()
      await absentAsUndefined(this.#files.unlink(this.#file))
    })
  }

  async #run(doing: string, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (cause) {
      throw storageError(`${doing} "${this.#file}"`, cause)
    }
  }
}

function isInProgress(name: string): boolean {
  return name.startsWith('.') && name.endsWith(IN_PROGRESS)
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/**
 * Directories sort as if their name ended in `/`: so files come in the order of their whole paths.
 */
function sortKey(entry: DirectoryEntry): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

async function readFully(handle: OpenFile, bytes: Uint8Array, from: number): Promise<Uint8Array> {
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done)
    // The file became shorter after it was measured.
    if (bytesRead === 0) return bytes.subarray(0, done)
    done += bytesRead
  }
  return bytes
}

async function writeFully(handle: OpenFile, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done)
    done += bytesWritten
  }
}

async function syncDirectory(files: FileOperations, directory: string): Promise<void> {
  const handle = await files.open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A directory and those above it, but not the root of the file system, which nothing holds. */
function* withParents(directory: string): Iterable<string> {
  let current = directory
  for (let parent = dirname(current); parent !== current; parent = dirname(current)) {
    yield current
    current = parent
  }
}
