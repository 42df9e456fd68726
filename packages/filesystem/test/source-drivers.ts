import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jsonLines } from '@flinkts/formats'
import type { InvalidOptions, KitRecord, SourceCapabilities, SourceDriver } from '@flinkts/testkit'
import { fileSource, type FileSourceOptions } from '../src/index.ts'
import { lineOf } from './json-values.ts'
import { versions } from './versions.ts'

/** What sources of files have in common. */
export const fileCapabilities: Omit<SourceCapabilities, 'boundedness' | 'splits'> = {
  replayable: true,
  perSplitOrder: true,
  prunesOnAck: false,
  snapshotThenStream: false,
  emitsDeletes: false,
  emitsTruncates: false,
  reconnects: false,
  // JSON has neither NaN nor infinities, and bytes only in some text.
  values: ['bigint', 'decimal', 'boolean', 'date', 'timestamp', 'nested'],
}

/** A driver of file sources: a directory for each target, and a file for each batch and split. */
export function fileSourceDriver(
  parts: Pick<SourceDriver, 'name' | 'module' | 'capabilities'> & {
    readonly watch?: NonNullable<FileSourceOptions<KitRecord>['watch']>
  },
): SourceDriver<string, KitRecord> {
  const { watch = false, ...named } = parts
  const options = (path: string): FileSourceOptions<KitRecord> => ({
    path,
    format: jsonLines(),
    watch,
    ...sizesFor(path),
  })
  return {
    ...named,
    versions,
    setup: () => mkdtemp(join(tmpdir(), 'flinkts-file-source-')),
    setupNamed: (name) => mkdtemp(join(tmpdir(), `flinkts-file-source-${name}-`)),
    async unreachable() {
      const path = join(fileURLToPath(import.meta.url), 'in')
      return [{ because: 'the path is below a file', target: path, retryable: false }]
    },
    states: new URL('states/source/', import.meta.url),
    invalidOptions: () => [
      mistake('left-out', 'path', { format: jsonLines() }),
      mistake('left-out', 'format', { path: '.' }),
      mistake('misspelt', 'readBytes', { ...options('.'), readByte: 300 }),
      mistake('out-of-range', 'splitBytes', { ...options('.'), splitBytes: 0 }),
    ],
    createSource: (path) => fileSource(options(path)),
    toRecords: (record) => [withBigint(record)],
    async writeExternal(directory, records) {
      const batch = (await readdir(directory)).length
      for (const [split, own] of Map.groupBy(records, (record) => record.split)) {
        const name = `${String(batch).padStart(6, '0')}-${split}.jsonl`
        await writeFile(join(directory, `.${name}`), own.map(lineOf).join(''))
        await rename(join(directory, `.${name}`), join(directory, name))
      }
    },
    async pruneUpstream(directory) {
      for (const name of await readdir(directory)) await rm(join(directory, name))
    },
    clean: (directory) => rm(directory, { recursive: true, force: true }),
  }
}

/** Whole numbers that a double can hold come as one. */
function withBigint(record: KitRecord): KitRecord {
  const bigint = record.values?.bigint
  if (typeof bigint !== 'number') return record
  return { ...record, values: { ...record.values, bigint: BigInt(bigint) } }
}

/** Small files are in several splits; a large one is not in thousands. */
function sizesFor(directory: string): { readonly splitBytes: number; readonly readBytes: number } {
  const names = existsSync(directory) ? readdirSync(directory) : []
  const largest = Math.max(0, ...names.map((name) => statSync(join(directory, name)).size))
  const splitBytes = Math.max(512, Math.ceil(largest / 20))
  return { splitBytes, readBytes: Math.max(300, Math.ceil(splitBytes / 10)) }
}

function mistake(kind: InvalidOptions['mistake'], option: string, given: object): InvalidOptions {
  const create = (): unknown => fileSource(given as FileSourceOptions<KitRecord>)
  return { mistake: kind, option, create }
}
