import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jsonLines } from '@flinkts/formats'
import type { KitRecord, SourceCapabilities, SourceDriver } from '@flinkts/testkit'
import { fileSource, type FileSourceOptions } from '../src/index.ts'
import { versions } from './versions.ts'

/** What sources of files have in common. */
export const fileCapabilities: Omit<SourceCapabilities, 'boundedness' | 'splits'> = {
  replayable: true,
  perSplitOrder: true,
  prunesOnAck: false,
  snapshotThenStream: false,
  emitsDeletes: false,
  reconnects: false,
}

/** A driver of file sources: a directory for each target, and a file for each batch and split. */
export function fileSourceDriver(
  parts: Pick<SourceDriver, 'name' | 'module' | 'capabilities'> & {
    readonly watch?: NonNullable<FileSourceOptions<KitRecord>['watch']>
  },
): SourceDriver<string, KitRecord> {
  const { watch = false, ...named } = parts
  return {
    ...named,
    versions,
    setup: () => mkdtemp(join(tmpdir(), 'flinkts-file-source-')),
    createSource: (path) =>
      fileSource<KitRecord>({ path, format: jsonLines(), watch, splitBytes: 512, readBytes: 300 }),
    toRecord: (record) => record,
    async writeExternal(directory, records) {
      const batch = (await readdir(directory)).length
      for (const [split, own] of Map.groupBy(records, (record) => record.split)) {
        const name = `${String(batch).padStart(6, '0')}-${split}.jsonl`
        const lines = own.map((record) => `${JSON.stringify(record)}\n`)
        await writeFile(join(directory, `.${name}`), lines.join(''))
        await rename(join(directory, `.${name}`), join(directory, name))
      }
    },
    async pruneUpstream(directory) {
      for (const name of await readdir(directory)) await rm(join(directory, name))
    },
    clean: (directory) => rm(directory, { recursive: true, force: true }),
  }
}
