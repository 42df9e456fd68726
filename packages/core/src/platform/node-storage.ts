import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { systemCodeOf } from '../common/errors.ts'
import type { Storage } from '../common/storage.ts'
import { assertStoragePath } from '../common/storage-path.ts'
import type { FileOperations, OpenFile } from './file-operations.ts'
import { toStorageError } from './storage-error.ts'

/** Files that wait for their name; a crash may leave them, and nobody sees them. */
const temporaryPrefix = '.creating-'

// A directory beyond these is synced again when it is used: costs time, nothing else.
const durableDirectoriesMax = 10_000

/**
 * A directory of the local file system. Needs hard links (for `createExclusive`), which every file
 * system has that a server runs on; FAT and some network shares do not.
 *
 * @internal
 */
export class NodeStorage implements Storage {
  /** The absolute path of the root. */
  readonly location: string
  readonly #files: FileOperations
  /** Directories whose entries, and those of the directories above, are known to be durable. */
  readonly #durableDirectories: Set<string> = new Set()

  /** `root` need not exist: the first write creates it. */
  constructor(root: string, files: FileOperations = fs) {
    this.location = resolve(root)
    this.#files = files
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#reading(
      this.#resolve(path),
      async (file) => new Uint8Array(await this.#files.readFile(file)),
    )
  }

  async size(path: string): Promise<number | undefined> {
    return this.#reading(this.#resolve(path), async (file) => {
      const found = await this.#files.stat(file)
      return found.isFile() ? found.size : undefined
    })
  }

  write(path: string, chunks: Iterable<Uint8Array>): Promise<number> {
    return this.#changing('write', path, async (file) => {
      await this.#makeDirectory(dirname(file))
      // Never in place: if the power went during a move, the file may have another name too.
      await this.#files.rm(file, { force: true })
      const size = await this.#writeSynced(file, 'w', chunks)
      await this.#syncDirectory(dirname(file))
      return size
    })
  }

  createExclusive(path: string, bytes: Uint8Array): Promise<boolean> {
    return this.#changing('create', path, async (file) => {
      const directory = dirname(file)
      const temporary = join(directory, `${temporaryPrefix}${randomUUID()}`)
      await this.#makeDirectory(directory)
      try {
        await this.#writeSynced(temporary, 'wx', [bytes])
        await this.#files.link(temporary, file)
      } catch (error) {
        if (systemCodeOf(error) !== 'EEXIST') throw error
        return false
      } finally {
        await this.#files.rm(temporary, { force: true })
      }
      await this.#syncDirectory(directory)
      return true
    })
  }

  async rename(from: string, to: string): Promise<boolean> {
    const target = this.#resolve(to)
    return this.#changing('rename', from, async (source) => {
      try {
        await this.#files.rename(source, target)
      } catch (error) {
        if (systemCodeOf(error) !== 'ENOENT') throw error
        return false
      }
      const directories = [dirname(target), dirname(source)]
      for (const directory of new Set(directories)) await this.#syncDirectory(directory)
      return true
    })
  }

  async list(directory: string): Promise<readonly string[]> {
    // The root itself is no path: it can only be listed.
    const root = directory === '' ? this.location : this.#resolve(directory)
    const names = await this.#reading(root, (file) => this.#files.readdir(file))
    return (names ?? []).filter((name) => !name.startsWith(temporaryPrefix)).toSorted()
  }

  async remove(path: string): Promise<void> {
    await this.#changing('remove', path, async (file) => {
      await this.#files.rm(file, { recursive: true, force: true })
      await this.#syncDirectory(dirname(file))
    })
  }

  #resolve(path: string): string {
    assertStoragePath(path)
    return join(this.location, path)
  }

  async #reading<T>(file: string, act: (file: string) => Promise<T>): Promise<T | undefined> {
    try {
      return await act(file)
    } catch (error) {
      const code = systemCodeOf(error)
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
      throw toStorageError(error, 'read', file)
    }
  }

  async #changing<T>(
    operation: 'write' | 'create' | 'rename' | 'remove',
    path: string,
    act: (file: string) => Promise<T>,
  ): Promise<T> {
    const file = this.#resolve(path)
    try {
      return await act(file)
    } catch (error) {
      throw toStorageError(error, operation, file)
    }
  }

  /** Takes one chunk after the other: what `chunks` computes is spread over the writing. */
  async #writeSynced(
    path: string,
    flags: 'w' | 'wx',
    chunks: Iterable<Uint8Array>,
  ): Promise<number> {
    const file = await this.#files.open(path, flags)
    try {
      let size = 0
      for (const chunk of chunks) {
        await writeFully(file, chunk)
        size += chunk.byteLength
      }
      await file.datasync()
      return size
    } finally {
      await file.close()
    }
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
      if (!created && this.#durableDirectories.has(entry)) break
      await this.#syncParent(entry, created)
      synced.push(entry)
    }
    if (this.#durableDirectories.size >= durableDirectoriesMax) this.#durableDirectories.clear()
    for (const entry of synced) this.#durableDirectories.add(entry)
  }

  async #syncParent(directory: string, created: boolean): Promise<void> {
    try {
      await this.#syncDirectory(dirname(directory))
    } catch (error) {
      // Above the root there are directories of others, which may not be readable.
      if (created || directory.length > this.location.length) throw error
    }
  }

  async #syncDirectory(directory: string): Promise<void> {
    // Windows opens no directories; there, the file system's own journal has to do.
    if (process.platform === 'win32') return
    let opened: OpenFile
    try {
      opened = await this.#files.open(directory, 'r')
    } catch (error) {
      // Moved away or removed by a later attempt: there is no name left to keep.
      if (systemCodeOf(error) === 'ENOENT') return
      throw error
    }
    try {
      await opened.sync()
    } finally {
      await opened.close()
    }
  }
}

async function writeFully(file: OpenFile, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, offset)
    offset += bytesWritten
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
