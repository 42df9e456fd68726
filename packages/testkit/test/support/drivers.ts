import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sink } from '@flinkts/core/connector'
import type { SinkCapabilities } from '../../src/capabilities/sink-capabilities.ts'
import type { SinkDriver } from '../../src/driver/sink-driver.ts'
import type { KitRecord } from '../../src/records/kit-record.ts'
import { valueKinds } from '../../src/records/kit-values.ts'
import { FileTarget } from './file-target.ts'
import { mistakesIn, refused } from './invalid-options.ts'

export const twoPhase: SinkCapabilities = {
  guarantee: 'exactly-once',
  mechanism: '2pc',
  visibility: 'on-commit',
  fencing: 'on-takeover',
  deletes: false,
  order: 'per-split',
  maxPreparedAgeMs: Number.POSITIVE_INFINITY,
  values: valueKinds,
}

export const append: SinkCapabilities = {
  guarantee: 'at-least-once',
  mechanism: 'append',
  visibility: 'immediate',
  fencing: 'none',
  deletes: false,
  order: 'none',
  maxPreparedAgeMs: undefined,
  values: valueKinds,
}

export const upsert: SinkCapabilities = {
  ...append,
  guarantee: 'effectively-once',
  mechanism: 'idempotent-upsert',
  deletes: true,
}

export const secret = 'swordfish-4711'

/** A driver of sinks that write to a `FileTarget`. */
export function fileDriver(
  name: string,
  capabilities: SinkCapabilities,
  createSink: (target: FileTarget) => Sink<KitRecord>,
  module: string = import.meta.url,
): Required<Omit<SinkDriver<string>, 'killConnections'>> {
  return {
    name,
    module,
    capabilities,
    versions: () => Promise.resolve({ test: '1' }),
    setup: async () => (await FileTarget.create()).directory,
    setupNamed: async (label) => (await FileTarget.create(label)).directory,
    async unreachable(directory) {
      const file = join(directory, 'a-file')
      await writeFile(file, '')
      return [{ because: 'a file is in its place', target: file, retryable: false }]
    },
    invalidOptions: () => mistakesIn(refused),
    secrets: () => [secret],
    createSink: (directory) => createSink(new FileTarget(directory)),
    readCommitted: (directory) => new FileTarget(directory).visible(),
    listInFlight: (directory) => new FileTarget(directory).pending(),
    async removePrepared(directory) {
      const target = new FileTarget(directory)
      for (const pending of await target.pending()) await target.removePending(pending)
    },
    states: new URL('states/', import.meta.url),
    alterTarget: (directory, change) => writeFile(join(directory, change), 'a column'),
    breakConnections: (directory, byteCount) => new FileTarget(directory).loseAnswer(byteCount),
    clean: (directory) => new FileTarget(directory).remove(),
  }
}
