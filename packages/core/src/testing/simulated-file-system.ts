import { type Prng, randomBelow } from '../common/prng.ts'
import { DirectoryInode, FileInode, type Inode, type UnsyncedChange } from './simulated-inode.ts'

/**
 * Called before each operation, with its name as in `node:fs` and its path; the operation takes
 * place when the promise resolves, and fails with what it rejects with.
 *
 * @beta
 */
export type FileStep = (operation: string, path: string) => Promise<void>

/** What `stat` tells. @beta */
export interface SimulatedStats {
  readonly size: number
  /** The number of the inode: another file under the same path has another. */
  readonly ino: number
  readonly mtimeMs: number
  isFile(): boolean
  isDirectory(): boolean
}

/** An entry of a directory. @beta */
export interface SimulatedEntry {
  readonly name: string
  isDirectory(): boolean
}

/**
 * An opened file or directory: it stays what it is when its path changes. Writes go to its end, and
 * may write fewer bytes than they were asked for.
 *
 * @beta
 */
export interface SimulatedFileHandle {
  stat(): Promise<SimulatedStats>
  /** Reads up to `length` bytes from `position`, to `offset` of `buffer`. */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>
  write(bytes: Uint8Array, offset?: number): Promise<{ readonly bytesWritten: number }>
  datasync(): Promise<void>
  sync(): Promise<void>
  close(): Promise<void>
}

/**
 * What one process sees: the operations of `node:fs/promises` that a store needs, by the same names
 * and with the same error codes. Paths are absolute and `/`-separated.
 *
 * @beta
 */
export interface SimulatedFiles {
  access(path: string): Promise<void>
  stat(path: string): Promise<SimulatedStats>
  readFile(path: string): Promise<Uint8Array>
  readdir(path: string): Promise<string[]>
  readdir(path: string, options: { readonly withFileTypes: true }): Promise<SimulatedEntry[]>
  open(path: string, flags: 'r' | 'w' | 'wx'): Promise<SimulatedFileHandle>
  /** @returns the topmost directory that was created, if any. */
  mkdir(path: string, options: { readonly recursive: true }): Promise<string | undefined>
  link(existing: string, path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  rm(path: string, options: { readonly recursive?: boolean; readonly force: true }): Promise<void>
  /** The process dies: none of its operations settles any more, nor changes anything. */
  kill(): void
}

/**
 * A POSIX file system in memory that can lose power. What survives for certain is no more than what
 * POSIX promises: the content of a file as of its last sync, and the entries of a directory as of
 * *its* last sync; a rename within a directory is seen whole or not at all. Of everything else, any
 * part may survive.
 *
 * @beta
 */
export class SimulatedFileSystem {
  readonly #prng: Prng
  readonly #inodes: Inode[] = []
  readonly #root: DirectoryInode
  #unsynced: UnsyncedChange[] = []
  readonly #processes: Set<SimulatedFiles> = new Set()

  /** `prng` decides how much a write writes, and what a power loss leaves. */
  constructor(prng: Prng) {
    this.#prng = prng
    this.#root = this.#added(new DirectoryInode(0))
  }

  /** The view of one more process; without `step` no operation waits. */
  open(step: FileStep = () => Promise.resolve()): SimulatedFiles {
    const files = new ProcessFiles(this.#root, step, {
      prng: this.#prng,
      newFile: () => this.#added(new FileInode(this.#inodes.length)),
      newDirectory: () => this.#added(new DirectoryInode(this.#inodes.length)),
      changed: (...changes) => this.#unsynced.push(...changes),
      sync: (inode) => this.#sync(inode),
    })
    this.#processes.add(files)
    return files
  }

  /** Every process dies; what was not synced is there, in whole or in part, or gone. */
  losePower(): void {
    for (const files of this.#processes) files.kill()
    this.#processes.clear()
    // Out of 2: nothing survives, or half of it, or everything.
    const odds = randomBelow(this.#prng, 3)
    const lost = new Set<UnsyncedChange>()
    for (const change of this.#unsynced) {
      const possible = change.requires === undefined || !lost.has(change.requires)
      if (!possible || randomBelow(this.#prng, 2) >= odds) lost.add(change)
      else if (odds === 1 && randomBelow(this.#prng, 2) === 0) change.persistPart(this.#prng)
      else change.persist()
    }
    this.#unsynced = []
    for (const inode of this.#inodes) inode.restart()
  }

  #sync(inode: Inode): void {
    for (const change of this.#unsynced) if (change.inode === inode) change.persist()
    this.#unsynced = this.#unsynced.filter((change) => change.inode !== inode)
  }

  #added<T extends Inode>(inode: T): T {
    this.#inodes.push(inode)
    return inode
  }
}

/** What a process has of the file system, besides the tree. */
interface Medium {
  readonly prng: Prng
  newFile(): FileInode
  newDirectory(): DirectoryInode
  changed(...changes: UnsyncedChange[]): void
  sync(inode: Inode): void
}

class ProcessFiles implements SimulatedFiles {
  readonly #root: DirectoryInode
  readonly #step: FileStep
  readonly #medium: Medium
  #dead = false

  constructor(root: DirectoryInode, step: FileStep, medium: Medium) {
    this.#root = root
    this.#step = step
    this.#medium = medium
  }

  kill(): void {
    this.#dead = true
  }

  async access(path: string): Promise<void> {
    await this.#pause('access', path)
    this.#inodeAt(path)
  }

  async stat(path: string): Promise<SimulatedStats> {
    await this.#pause('stat', path)
    return statsOf(this.#inodeAt(path))
  }

  async readFile(path: string): Promise<Uint8Array> {
    await this.#pause('readFile', path)
    return fileOf(this.#inodeAt(path), path).bytes.slice()
  }

  readdir(path: string): Promise<string[]>
  readdir(path: string, options: { readonly withFileTypes: true }): Promise<SimulatedEntry[]>
  async readdir(
    path: string,
    options?: { readonly withFileTypes: true },
  ): Promise<string[] | SimulatedEntry[]> {
    await this.#pause('readdir', path)
    const { entries } = directoryOf(this.#inodeAt(path), path)
    if (options === undefined) return [...entries.keys()]
    return Array.from(entries, ([name, { type }]) => ({
      name,
      isDirectory: () => type === 'directory',
    }))
  }

  async open(path: string, flags: 'r' | 'w' | 'wx'): Promise<SimulatedFileHandle> {
    await this.#pause('open', path)
    if (flags === 'r') return this.#handleOf(this.#inodeAt(path), path)
    const [directory, name] = this.#placeOf(path)
    const found = directory.entries.get(name)
    if (found === undefined) {
      const file = this.#medium.newFile()
      this.#medium.changed(directory.set(new Map([[name, file]])))
      return this.#handleOf(file, path)
    }
    if (flags === 'wx') throw systemError('EEXIST', path)
    this.#medium.changed(fileOf(found, path).truncate())
    return this.#handleOf(found, path)
  }

  async mkdir(path: string, options: { readonly recursive: true }): Promise<string | undefined> {
    const above = path.slice(0, path.lastIndexOf('/'))
    const first = above === '' ? undefined : await this.mkdir(above, options)
    await this.#pause('mkdir', path)
    const [directory, name] = this.#placeOf(path)
    const found = directory.entries.get(name)
    if (found?.type === 'file') throw systemError('EEXIST', path)
    if (found !== undefined) return first
    this.#medium.changed(directory.set(new Map([[name, this.#medium.newDirectory()]])))
    return first ?? path
  }

  async link(existing: string, path: string): Promise<void> {
    await this.#pause('link', path)
    const file = fileOf(this.#inodeAt(existing), existing)
    const [directory, name] = this.#placeOf(path)
    if (directory.entries.has(name)) throw systemError('EEXIST', path)
    this.#medium.changed(directory.set(new Map([[name, file]])))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#pause('rename', from)
    const inode = this.#inodeAt(from)
    const [source, oldName] = this.#placeOf(from)
    const [target, newName] = this.#placeOf(to)
    const replaced = target.entries.get(newName)
    if (inode === replaced) return
    if (replaced !== undefined) assertReplaceable(inode, replaced, to)
    if (source === target) {
      const changes: [string, Inode | undefined][] = [
        [newName, inode],
        [oldName, undefined],
      ]
      this.#medium.changed(source.set(new Map(changes)))
      return
    }
    const arrival = target.set(new Map([[newName, inode]]))
    this.#medium.changed(arrival, source.set(new Map([[oldName, undefined]]), arrival))
  }

  async unlink(path: string): Promise<void> {
    await this.#pause('unlink', path)
    const inode = this.#inodeAt(path)
    if (inode.type === 'directory') throw systemError('EISDIR', path)
    this.#removeEntry(path)
  }

  async rm(
    path: string,
    options: { readonly recursive?: boolean; readonly force: true },
  ): Promise<void> {
    await this.#pause('rm', path)
    const inode = this.#find(path)
    if (inode === undefined) return
    if (inode.type === 'directory') {
      if (options.recursive !== true) throw systemError('EISDIR', path)
      for (const name of inode.entries.keys()) await this.rm(`${path}/${name}`, options)
      await this.#pause('rmdir', path)
      if (inode.entries.size > 0) throw systemError('ENOTEMPTY', path)
    }
    if (this.#find(path) === inode) this.#removeEntry(path)
  }

  async #pause(operation: string, path: string): Promise<void> {
    if (!this.#dead) await this.#step(operation, path)
    if (this.#dead) await new Promise<never>(() => {})
  }

  #removeEntry(path: string): void {
    const [directory, name] = this.#placeOf(path)
    this.#medium.changed(directory.set(new Map([[name, undefined]])))
  }

  #handleOf(inode: Inode, path: string): SimulatedFileHandle {
    const medium = this.#medium
    const pause = (operation: string): Promise<void> => this.#pause(operation, path)
    const sync = async (operation: string): Promise<void> => {
      await pause(operation)
      medium.sync(inode)
    }
    return {
      stat: async () => {
        await pause('fstat')
        return statsOf(inode)
      },
      read: async (buffer, offset, length, position) => {
        await pause('read')
        const bytes = fileOf(inode, path).bytes.subarray(position, position + length)
        buffer.set(bytes, offset)
        return { bytesRead: bytes.byteLength }
      },
      write: async (bytes, offset = 0) => {
        await pause('write')
        const length = bytes.byteLength - offset
        // Half of the writes are cut short.
        const cut = length > 1 && randomBelow(medium.prng, 2) === 0
        const bytesWritten = cut ? 1 + randomBelow(medium.prng, length - 1) : length
        const written = bytes.subarray(offset, offset + bytesWritten)
        medium.changed(fileOf(inode, path).append(written))
        return { bytesWritten }
      },
      datasync: () => sync('datasync'),
      sync: () => sync('sync'),
      close: () => pause('close'),
    }
  }

  #inodeAt(path: string): Inode {
    const inode = this.#find(path)
    if (inode === undefined) throw systemError('ENOENT', path)
    return inode
  }

  #find(path: string): Inode | undefined {
    let inode: Inode = this.#root
    for (const name of path.split('/').filter((segment) => segment !== '')) {
      const next = directoryOf(inode, path).entries.get(name)
      if (next === undefined) return undefined
      inode = next
    }
    return inode
  }

  #placeOf(path: string): [DirectoryInode, string] {
    const end = path.lastIndexOf('/')
    const directory = directoryOf(this.#inodeAt(path.slice(0, end)), path)
    return [directory, path.slice(end + 1)]
  }
}

function statsOf(inode: Inode): SimulatedStats {
  return {
    size: inode.type === 'file' ? inode.bytes.byteLength : 0,
    ino: inode.number,
    mtimeMs: 0,
    isFile: () => inode.type === 'file',
    isDirectory: () => inode.type === 'directory',
  }
}

function fileOf(inode: Inode, path: string): FileInode {
  if (inode.type === 'directory') throw systemError('EISDIR', path)
  return inode
}

function directoryOf(inode: Inode, path: string): DirectoryInode {
  if (inode.type === 'file') throw systemError('ENOTDIR', path)
  return inode
}

function assertReplaceable(inode: Inode, replaced: Inode, path: string): void {
  if (replaced.type === 'file') {
    if (inode.type === 'directory') throw systemError('ENOTDIR', path)
    return
  }
  if (inode.type === 'file') throw systemError('EISDIR', path)
  if (replaced.entries.size > 0) throw systemError('ENOTEMPTY', path)
}

/** As Node throws them: the code is what programs look at. */
function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: '${path}'`), { code })
}
