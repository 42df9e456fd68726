import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KitRecord, SourceDriver } from '@flinkts/testkit'
import { spoolSource } from '../src/source.ts'

export const driver: SourceDriver<string, KitRecord> = {
  name: 'spool source',
  module: import.meta.url,
  capabilities: {
    replayable: true,
    boundedness: 'continuous-unbounded',
    splits: 'discovered',
    perSplitOrder: true,
    prunesOnAck: false,
    snapshotThenStream: false,
    emitsDeletes: false,
    emitsTruncates: false,
    reconnects: false,
    values: ['decimal', 'boolean', 'date', 'timestamp', 'nested'],
  },
  versions: async () => ({ '@flinkts/example-spool': '0.1.0' }),
  setup: () => mkdtemp(join(tmpdir(), 'flinkts-spool-source-')),
  createSource: (directory) => spoolSource<KitRecord>({ directory, readBytes: 256 }),
  toRecords: (record) => [record],
  async writeExternal(directory, records) {
    const batch = String((await readdir(directory)).length).padStart(6, '0')
    for (const [split, own] of Map.groupBy(records, (record) => record.split)) {
      const lines = own.map((record) => `${JSON.stringify(record)}\n`)
      await writeFile(join(directory, `.${batch}-${split}`), lines.join(''))
      await rename(join(directory, `.${batch}-${split}`), join(directory, `${batch}-${split}`))
    }
  },
  async pruneUpstream(directory) {
    for (const name of await readdir(directory)) await rm(join(directory, name))
  },
  clean: (directory) => rm(directory, { recursive: true, force: true }),
}
