import { FlinktsError } from '../common/errors.ts'
import { type Prng, randomBelow } from '../common/prng.ts'
import type { Storage } from '../common/storage.ts'
import { assertStoragePath } from '../common/storage-path.ts'

/**
 * Called before each step of an operation, and once more before it resolves; the operation goes on
 * when the promise resolves, and fails with what it rejects with.
 *
 * @internal
 */
export type StorageStep = (operation: string, path: string) => Promise<void>

/** What one process sees of a simulated disk. @internal */
export interface SimulatedStorageHandle extends Storage {
  /**
   * The process dies: of every write in progress an arbitrary prefix is left, or nothing. No
   * operation settles any more, nor changes anything.
   */
  crash(): void
}

/** The content of a file; it goes along when the file is moved, as an inode. */
interface SimulatedFile {
  bytes: Uint8Array
}

/** The disk behind all handles; the root directory is `''`. */
interface Disk {
  readonly location: string
  readonly files: Map<string, SimulatedFile>
  readonly directories: Set<string>
}

/**
 * A disk in memory, for simulations. A write becomes durable when its promise resolves; everything
 * else happens at one instant. Processes open it, die, and leave it to others.
 *
 * @internal
 */
export class SimulatedStorage {
  readonly #disk: Disk
  readonly #prng: Prng

  /** `prng` decides what a crash leaves of writes in progress. */
  constructor(prng: Prng, location = 'simulated disk') {
    this.#disk = { location, files: new Map(), directories: new Set(['']) }
    this.#prng = prng
  }

  /** The view of one process; without `step` no operation waits. */
  open(step: StorageStep = () => Promise.resolve()): SimulatedStorageHandle {
    return new Handle(this.#disk, this.#prng, step)
  }

  /** The paths of all files, in order. */
  paths(): readonly string[] {
    return [...this.#disk.files.keys()].toSorted()
  }

  /** The bytes of a file, as they are on the disk. */
  content(path: string): Uint8Array | undefined {
    return this.#disk.files.get(path)?.bytes
  }

  /**
   * Replaces the bytes of a file at once, as a fault of the medium would; `undefined` removes it.
   */
  damage(path: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.#disk.files.delete(path)
    else this.#disk.files.set(path, { bytes })
  }
}

class Handle implements SimulatedStorageHandle {
  readonly location: string
  readonly #disk: Disk
  readonly #prng: Prng
  readonly #step: StorageStep
  readonly #inProgress: Set<SimulatedFile> = new Set()
  #dead = false

  constructor(disk: Disk, prng: Prng, step: StorageStep) {
    this.location = disk.location
    this.#disk = disk
    this.#prng = prng
    this.#step = step
  }

  crash(): void {
    this.#dead = true
    for (const file of this.#inProgress) this.#tear(file)
    this.#inProgress.clear()
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    assertStoragePath(path)
    await this.#pause('read', path)
    return this.#disk.files.get(path)?.bytes.slice()
  }

  async size(path: string): Promise<number | undefined> {
    assertStoragePath(path)
    await this.#pause('size', path)
    return this.#disk.files.get(path)?.bytes.byteLength
  }

  async write(path: string, chunks: Iterable<Uint8Array>): Promise<number> {
    assertStoragePath(path)
    await this.#makeDirectory('write', path)
    const file = this.#disk.files.get(path) ?? { bytes: new Uint8Array() }
    this.#disk.files.set(path, file)
    file.bytes = new Uint8Array()
    this.#inProgress.add(file)
    try {
      for (const chunk of chunks) {
        file.bytes = concat(file.bytes, chunk)
        await this.#pause('write', path)
      }
      await this.#pause('write', path)
      return file.bytes.byteLength
    } finally {
      this.#inProgress.delete(file)
    }
  }

  async createExclusive(path: string, bytes: Uint8Array): Promise<boolean> {
    assertStoragePath(path)
    await this.#makeDirectory('create', path)
    const free = !this.#exists(path)
    if (free) this.#disk.files.set(path, { bytes: bytes.slice() })
    await this.#pause('create', path)
    return free
  }

  async rename(from: string, to: string): Promise<boolean> {
    assertStoragePath(from)
    assertStoragePath(to)
    await this.#pause('rename', from)
    const found = this.#exists(from) && this.#disk.directories.has(parentOf(to))
    if (found) this.#move(from, to)
    await this.#pause('rename', from)
    return found
  }

  async list(directory: string): Promise<readonly string[]> {
    if (directory !== '') assertStoragePath(directory)
    await this.#pause('list', directory)
    const all = [...this.#disk.files.keys(), ...this.#disk.directories]
    const inside = all.filter((path) => path !== '' && parentOf(path) === directory)
    return inside.map((path) => path.slice(path.lastIndexOf('/') + 1)).toSorted()
  }

  async remove(path: string): Promise<void> {
    assertStoragePath(path)
    const inside = (): string[] => [...this.#disk.files.keys()].filter((file) => isIn(path, file))
    // One file after the other, as it is on real disks.
    for (const file of inside()) {
      await this.#pause('remove', file)
      this.#disk.files.delete(file)
    }
    await this.#pause('remove', path)
    const full = this.#disk.directories.has(path) && inside().length > 0
    if (full) throw failed(path, 'the directory is not empty')
    for (const directory of [...this.#disk.directories]) {
      if (isIn(path, directory)) this.#disk.directories.delete(directory)
    }
    await this.#pause('remove', path)
  }

  async #pause(operation: string, path: string): Promise<void> {
    if (!this.#dead) await this.#step(operation, path)
    if (this.#dead) await new Promise<never>(() => {})
  }

  async #makeDirectory(operation: string, path: string): Promise<void> {
    await this.#pause(operation, path)
    for (let directory = parentOf(path); directory !== ''; directory = parentOf(directory)) {
      if (this.#disk.files.has(directory)) {
        throw new FlinktsError('FLINKTS_STORAGE_UNWRITABLE', `'${directory}' is not a directory`)
      }
      this.#disk.directories.add(directory)
    }
    await this.#pause(operation, path)
    // Another process may have removed it since; then the operation finds no place.
    if (!this.#disk.directories.has(parentOf(path))) throw failed(path, 'its directory is gone')
  }

  #exists(path: string): boolean {
    return this.#disk.files.has(path) || this.#disk.directories.has(path)
  }

  #move(from: string, to: string): void {
    const { files, directories } = this.#disk
    if (directories.has(to)) throw failed(from, `there is a directory '${to}'`)
    for (const [path, file] of [...files]) {
      if (!isIn(from, path)) continue
      files.delete(path)
      files.set(to + path.slice(from.length), file)
    }
    for (const path of [...directories]) {
      if (!isIn(from, path)) continue
      directories.delete(path)
      directories.add(to + path.slice(from.length))
    }
  }

  #tear(file: SimulatedFile): void {
    const length = randomBelow(this.#prng, file.bytes.byteLength + 2) - 1
    file.bytes = file.bytes.slice(0, Math.max(0, length))
    if (length >= 0) return
    for (const [path, candidate] of this.#disk.files) {
      if (candidate === file) this.#disk.files.delete(path)
    }
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function isIn(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(left.byteLength + right.byteLength)
  both.set(left)
  both.set(right, left.byteLength)
  return both
}

function failed(path: string, problem: string): FlinktsError {
  return new FlinktsError('FLINKTS_STORAGE_FAILED', `file '${path}' was not changed: ${problem}`, {
    hint: 'This is a disk in memory, for tests.',
  })
}
