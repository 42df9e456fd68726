import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KitRecord, SinkDriver } from '@flinkts/testkit'
import { spoolSink } from '../src/sink.ts'

export const driver: SinkDriver<string> = {
  name: 'spool sink',
  module: import.meta.url,
  capabilities: {
    guarantee: 'exactly-once',
    mechanism: '2pc',
    visibility: 'on-commit',
    fencing: 'on-takeover',
    deletes: false,
    order: 'per-split',
    maxPreparedAgeMs: Number.POSITIVE_INFINITY,
    values: ['decimal', 'boolean', 'date', 'timestamp', 'nested'],
  },
  versions: async () => ({ '@flinkts/example-spool': '0.1.0' }),
  setup: () => mkdtemp(join(tmpdir(), 'flinkts-spool-sink-')),
  createSink: (directory) => spoolSink<KitRecord>({ directory }),
  async readCommitted(directory) {
    const names = (await readdir(directory)).filter((name) => !name.startsWith('.')).toSorted()
    const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))
    const lines = texts.flatMap((text) => text.split('\n').slice(0, -1))
    return lines.map((line) => JSON.parse(line) as KitRecord)
  },
  listInFlight: staged,
  async removePrepared(directory) {
    for (const path of await staged(directory)) await rm(path)
  },
  clean: (directory) => rm(directory, { recursive: true, force: true }),
}

async function staged(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.parentPath !== directory)
    .map((entry) => join(entry.parentPath, entry.name))
}
