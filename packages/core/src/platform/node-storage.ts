import { randomUUID } from 'node:crypto'
import * as fs from 'node:fs/promises'
import * as pathModule from 'node:path'
import process from 'node:process'
import { systemCodeOf } from '../common/errors.ts'
import type { Storage } from '../common/storage.ts'
import { toStorageError } from './storage-error.ts'
import { assertStoragePath } from '../common/storage-path.ts'

/** Files that wait for their name; a crash may leave them, and nobody sees them. */
const temporaryPrefix = '.creating-'

/**
 * A directory of the local file system. Needs hard links (for `createExclusive`), which every file
 * system has that a server runs on; FAT and some network shares do not.
 *
 * @internal
 */
export class NodeStorage implements Storage {
  /** The absolute path of the root. */
  readonly location: string

  /** `root` need not exist: the first write creates it. */
  constructor(root: string) {
    this.location = pathModule.resolve(root)
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#reading(
      this.#resolve(path),
      async (file) => new Uint8Array(await fs.readFile(file)),
    )
  }

  async size(path: string): Promise<number | undefined> {
    return this.#reading(this.#resolve(path), async (file) => {
      const found = await fs.stat(file)
      return found.isFile() ? found.size : undefined
    })
  }

  write(path: string, chunks: Iterable<Uint8Array>): Promise<number> {
    return this.#changing('write', path, async (file) => {
      await createDirectory(pathModule.dirname(file))
      const size = await writeSynced(file, 'w', chunks)
      await syncDirectory(pathModule.dirname(file))
      return size
    })
  }

  createExclusive(path: string, bytes: Uint8Array): Promise<boolean> {
    return this.#changing('create', path, async (file) => {
      const directory = pathModule.dirname(file)
      const temporary = pathModule.join(directory, `${temporaryPrefix}${randomUUID()}`)
      await createDirectory(directory)
      try {
        await writeSynced(temporary, 'wx', [bytes])
        await fs.link(temporary, file)
      } catch (error) {
        if (systemCodeOf(error) !== 'EEXIST') throw error
        return false
      } finally {
        await fs.rm(temporary, { force: true })
      }
      await syncDirectory(directory)
      return true
    })
  }

  async rename(from: string, to: string): Promise<boolean> {
    const target = this.#resolve(to)
    return this.#changing('rename', from, async (source) => {
      try {
        await fs.rename(source, target)
      } catch (error) {
        if (systemCodeOf(error) !== 'ENOENT') throw error
        return false
      }
      const directories = [pathModule.dirname(target), pathModule.dirname(source)]
      for (const directory of new Set(directories)) await syncDirectory(directory)
      return true
    })
  }

  async list(directory: string): Promise<readonly string[]> {
    // The root itself is no path: it can only be listed.
    const root = directory === '' ? this.location : this.#resolve(directory)
    const names = await this.#reading(root, (file) => fs.readdir(file))
    return (names ?? []).filter((name) => !name.startsWith(temporaryPrefix)).toSorted()
  }

  async remove(path: string): Promise<void> {
    await this.#changing('remove', path, async (file) => {
      await fs.rm(file, { recursive: true, force: true })
      await syncDirectory(pathModule.dirname(file))
    })
  }

  #resolve(path: string): string {
    assertStoragePath(path)
    return pathModule.join(this.location, path)
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
}

/** Takes one chunk after the other: what `chunks` computes is spread over the writing. */
async function writeSynced(
  file: string,
  flags: 'w' | 'wx',
  chunks: Iterable<Uint8Array>,
): Promise<number> {
  const handle = await fs.open(file, flags)
  try {
    let size = 0
    for (const chunk of chunks) {
      for (let offset = 0; offset < chunk.byteLength; ) {
        const { bytesWritten } = await handle.write(chunk, offset)
        offset += bytesWritten
      }
      size += chunk.byteLength
    }
    await handle.datasync()
    return size
  } finally {
    await handle.close()
  }
}

/** Creates a directory with those above it; each is durable before anything is put into it. */
async function createDirectory(directory: string): Promise<void> {
  const first = await fs.mkdir(directory, { recursive: true })
  if (first === undefined) return
  let created = directory
  while (created.length >= first.length) {
    created = pathModule.dirname(created)
    await syncDirectory(created)
  }
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows opens no directories; there, the file system's own journal has to do.
  if (process.platform === 'win32') return
  let handle: fs.FileHandle
  try {
    handle = await fs.open(directory, 'r')
  } catch (error) {
    // Moved away or removed by a later attempt: there is no name left to keep.
    if (systemCodeOf(error) === 'ENOENT') return
    throw error
  }
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
