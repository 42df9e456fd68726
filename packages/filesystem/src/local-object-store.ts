import type { Dirent } from 'node:fs'
import { constants } from 'node:fs'
import { access, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { assert, messageOf, systemCodeOf } from '@flinkts/core/connector'
import type { Finding } from '@flinkts/core/connector'
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
import { storageError } from './storage-error.ts'

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

class LocalObjectStore implements ObjectStore {
  readonly location: string
  /** Directories whose entries, and those of the directories above, are known to be durable. */
  readonly #syncedDirectories = new Set<string>()

  constructor(location: string) {
    this.location = location
  }

  async check(mode: 'read' | 'write'): Promise<readonly Finding[]> {
    return mode === 'read' ? checkReadable(this.location) : checkWritable(this.location)
  }

  async stat(path: string): Promise<ObjectInfo | undefined> {
    return this.#run('reading', path, async (file) => {
      const found = await absentAsUndefined(stat(file))
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
      const handle = await absentAsUndefined(open(file, 'r'))
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
      await absentAsUndefined(unlink(file))
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
      await this.#run('syncing', path, (file) => syncDirectory(dirname(file)))
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
      return new LocalUpload({ token, file, handle: await open(file, flags) })
    })
  }

  async #replace(prepared: PreparedUpload, path: string): Promise<void> {
    await this.#run('publishing', path, async (file) => {
      await this.#makeDirectory(dirname(file))
      await rename(join(this.location, prepared.token), file)
      await syncDirectory(dirname(file))
    })
  }

  /**
   * Creates a directory below the root, and makes its entry and those above it durable: also when
   * it exists, as whoever created it may have died before that.
   */
  async #makeDirectory(directory: string): Promise<void> {
    const first = await mkdir(directory, { recursive: true })
    if (first === undefined && this.#syncedDirectories.has(directory)) return
    const topLength = Math.min(first?.length ?? Infinity, this.location.length + 1)
    for (let made = directory; made.length >= topLength; made = dirname(made)) {
      await syncDirectory(dirname(made))
    }
    if (this.#syncedDirectories.size >= SYNCED_DIRECTORIES_MAX) this.#syncedDirectories.clear()
    this.#syncedDirectories.add(directory)
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

  async #entries(directory: string): Promise<readonly Dirent[]> {
    return this.#run('listing', directory, async (folder) => {
      const entries = await absentAsUndefined(readdir(folder, { withFileTypes: true }))
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
  readonly #handle: FileHandle
  #size = 0

  constructor(parts: { token: string; file: string; handle: FileHandle }) {
    this.#token = parts.token
    this.#file = parts.file
    this.#handle = parts.handle
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#run('writing', () => writeFully(this.#handle, bytes))
    this.#size += bytes.length
  }

  async prepare(): Promise<PreparedUpload> {
    await this.#run('syncing', async () => {
      await this.#handle.datasync()
      await this.#handle.close()
      await syncDirectory(dirname(this.#file))
    })
    return { token: this.#token, size: this.#size }
  }

  async abort(): Promise<void> {
    await this.#run('removing', async () => {
      await this.#handle.close()
      await absentAsUndefined(unlink(this.#file))
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
function sortKey(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

async function absentAsUndefined<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

async function readFully(handle: FileHandle, bytes: Uint8Array, from: number): Promise<Uint8Array> {
  let done = 0
  while (done < bytes.length) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done)
    // The file became shorter after it was measured.
    if (bytesRead === 0) return bytes.subarray(0, done)
    done += bytesRead
  }
  return bytes
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done)
    done += bytesWritten
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function checkReadable(directory: string): Promise<readonly Finding[]> {
  try {
    await access(directory, constants.R_OK | constants.X_OK)
    return []
  } catch (cause) {
    return [
      {
        severity: 'error',
        code: 'directory-unreadable',
        message: `directory "${directory}" cannot be read: ${messageOf(cause)}`,
        hint: 'Create it, or give the user of the job the right to read it.',
      },
    ]
  }
}

async function checkWritable(directory: string): Promise<readonly Finding[]> {
  try {
    const found = await absentAsUndefined(stat(directory))
    if (found === undefined) return await checkWritable(dirname(directory))
    if (!found.isDirectory()) return [unwritable(directory, `"${basename(directory)}" is a file`)]
    await access(directory, constants.W_OK | constants.X_OK)
    return []
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOTDIR') return checkWritable(dirname(directory))
    return [unwritable(directory, messageOf(cause))]
  }
}

function unwritable(directory: string, reason: string): Finding {
  return {
    severity: 'error',
    code: 'directory-unwritable',
    message: `directory "${directory}" cannot be written: ${reason}`,
    hint: 'Give the user of the job the right to write there, or choose another path.',
  }
}
