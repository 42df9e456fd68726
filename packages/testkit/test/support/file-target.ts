import { existsSync, readFileSync, rmSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlinktsError, messageOf, systemCodeOf } from '@flinkts/core/connector'
import type { KitRecord } from '../../src/records/kit-record.ts'
import { fromStoredText, storedText } from './stored-records.ts'

/**
 * The external system of these tests: a directory of pending files and one of visible files, each a
 * JSON array of records.
 */
export class FileTarget {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** The name is a part of that of the directory. */
  static async create(name = ''): Promise<FileTarget> {
    const target = new FileTarget(await mkdtemp(join(tmpdir(), `flinkts-testkit-target-${name}-`)))
    for (const folder of ['pending', 'visible']) await mkdir(join(target.directory, folder))
    return target
  }

  async writePending(name: string, records: readonly KitRecord[]): Promise<void> {
    this.#checkColumns(records)
    await this.#answered(() =>
      coded(writeFile(join(this.directory, 'pending', name), storedText(records))),
    )
  }

  async readPending(name: string): Promise<readonly KitRecord[]> {
    return this.#read(join('pending', name))
  }

  /** Visible as a whole or not at all. */
  async writeVisible(name: string, records: readonly KitRecord[]): Promise<void> {
    this.#checkColumns(records)
    // An older attempt may be writing the same.
    const temporary = join(this.directory, `${name}.${randomUUID()}.tmp`)
    await coded(writeFile(temporary, storedText(records)))
    await this.#answered(() => rename(temporary, join(this.directory, 'visible', name)))
  }

  /** @returns whether the pending file was there. */
  async publish(pending: string, visible: string): Promise<boolean> {
    try {
      await this.#answered(() =>
        rename(join(this.directory, 'pending', pending), join(this.directory, 'visible', visible)),
      )
      return true
    } catch (thrown) {
      if (systemCodeOf(thrown) === 'ENOENT') return false
      throw thrown instanceof FlinktsError ? thrown : unusable(thrown)
    }
  }

  async isVisible(name: string): Promise<boolean> {
    return (await this.visibleNames()).includes(name)
  }

  visibleNames(): Promise<readonly string[]> {
    return this.#list('visible')
  }

  /** The records of all visible files, in the order of their names. */
  async visible(): Promise<readonly KitRecord[]> {
    const names = await this.visibleNames()
    const files = await Promise.all(names.map((name) => this.#read(join('visible', name))))
    return files.flat()
  }

  pending(): Promise<readonly string[]> {
    return this.#list('pending')
  }

  async removePending(name: string): Promise<void> {
    await rm(join(this.directory, 'pending', name), { force: true })
  }

  async removeVisible(name: string): Promise<void> {
    await rm(join(this.directory, 'visible', name), { force: true })
  }

  /** The next answer does not come; that to a request which was done if the number is even. */
  async loseAnswer(byteCount: number): Promise<void> {
    await writeFile(join(this.directory, 'lost-answer'), byteCount % 2 === 0 ? 'done' : 'not done')
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }

  /** As a table refuses rows that have a column too many. */
  #checkColumns(records: readonly KitRecord[]): void {
    const dropped = existsSync(join(this.directory, 'dropped'))
    if (!dropped || !records.some((record) => 'payload' in record)) return
    throw new FlinktsError('FLINKTS_STORAGE_UNWRITABLE', 'there is no payload any more', {
      hint: 'Add it again.',
    })
  }

  async #answered(request: () => Promise<void>): Promise<void> {
    const file = join(this.directory, 'lost-answer')
    const lost = existsSync(file) ? readFileSync(file, 'utf8') : undefined
    if (lost !== 'not done') await request()
    if (lost === undefined) return
    rmSync(file, { force: true })
    throw new FlinktsError('FLINKTS_STORAGE_FAILED', 'the connection is lost', {
      hint: 'Try again.',
    })
  }

  async #list(folder: string): Promise<readonly string[]> {
    return (await coded(readdir(join(this.directory, folder)))).toSorted()
  }

  async #read(path: string): Promise<readonly KitRecord[]> {
    const text = await readFile(join(this.directory, path), 'utf8')
    return fromStoredText(text) as readonly KitRecord[]
  }
}

function coded<T>(operation: Promise<T>): Promise<T> {
  return operation.catch((thrown: unknown) => {
    throw systemCodeOf(thrown) === 'ENOTDIR' ? unusable(thrown) : thrown
  })
}

function unusable(cause: unknown): FlinktsError {
  return new FlinktsError('FLINKTS_STORAGE_UNWRITABLE', messageOf(cause), {
    hint: 'Name a directory.',
    cause,
  })
}
