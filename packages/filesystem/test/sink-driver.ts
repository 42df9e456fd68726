import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { jsonLines } from '@flinkts/formats'
import type { InvalidOptions, KitRecord, SinkDriver } from '@flinkts/testkit'
import { fileSink, type FileSinkOptions } from '../src/index.ts'
import { filesBelow, visibleBelow } from './files-below.ts'
import { recordOf } from './json-values.ts'
import { versions } from './versions.ts'

const thisFile = fileURLToPath(import.meta.url)

/** The file sink for the conformance kit: a directory for each target. */
export const driver: SinkDriver<string> = {
  name: 'filesystem sink',
  module: import.meta.url,
  capabilities: {
    guarantee: 'exactly-once',
    mechanism: '2pc',
    visibility: 'on-commit',
    fencing: 'on-takeover',
    deletes: false,
    order: 'per-split',
    maxPreparedAgeMs: Number.POSITIVE_INFINITY,
    // JSON has neither NaN nor infinities.
    values: ['bigint', 'decimal', 'boolean', 'date', 'timestamp', 'bytes', 'nested'],
  },
  versions,
  setup: () => mkdtemp(join(tmpdir(), 'flinkts-file-sink-')),
  setupNamed: (name) => mkdtemp(join(tmpdir(), `flinkts-file-sink-${name}-`)),
  unreachable: async () => [
    { because: 'the path is a file', target: thisFile, retryable: false },
    { because: 'the path is below a file', target: join(thisFile, 'out'), retryable: false },
  ],
  states: new URL('states/sink/', import.meta.url),
  invalidOptions: () => [
    mistake('left-out', 'format', { path: '.' }),
    mistake('left-out', 'path', { format: jsonLines() }),
    mistake('misspelt', 'rollBytes', { ...options('.'), rollByte: 65_536 }),
    mistake('out-of-range', 'rollBytes', { ...options('.'), rollBytes: 0 }),
  ],
  createSink: (path) => fileSink(options(path)),
  async readCommitted(directory) {
    const records: KitRecord[] = []
    for (const path of await visibleBelow(directory)) {
      const text = await readFile(join(directory, path), 'utf8')
      const lines = text.split('\n').slice(0, -1)
      records.push(...lines.map(recordOf))
    }
    return records
  },
  listInFlight: hiddenBelow,
  async removePrepared(directory) {
    for (const path of await hiddenBelow(directory)) await rm(join(directory, path))
  },
  clean: (directory) => rm(directory, { recursive: true, force: true }),
}

function options(path: string): FileSinkOptions<KitRecord> {
  return { path, format: jsonLines(), rollBytes: 65_536 }
}

function mistake(kind: InvalidOptions['mistake'], option: string, given: object): InvalidOptions {
  const create = (): unknown => fileSink(given as FileSinkOptions<KitRecord>)
  return { mistake: kind, option, create }
}

async function hiddenBelow(directory: string): Promise<readonly string[]> {
  const visible = await visibleBelow(directory)
  return (await filesBelow(directory)).filter((path) => !visible.includes(path))
}
