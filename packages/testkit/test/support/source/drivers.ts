import type { Source } from '@flinkts/core/connector'
import type { SourceCapabilities } from '../../../src/capabilities/source-capabilities.ts'
import type { SourceDriver } from '../../../src/driver/source-driver.ts'
import { valueKinds } from '../../../src/records/kit-values.ts'
import { secret } from '../drivers.ts'
import { mistakesIn, refused } from '../invalid-options.ts'
import { changesOf, type LogRecord, LogUpstream } from './log-upstream.ts'

export const log: SourceCapabilities = {
  replayable: true,
  boundedness: 'continuous-unbounded',
  splits: 'discovered',
  perSplitOrder: true,
  prunesOnAck: true,
  snapshotThenStream: false,
  emitsDeletes: false,
  emitsTruncates: false,
  reconnects: true,
  values: valueKinds,
}

export const boundedLog: SourceCapabilities = {
  ...log,
  boundedness: 'bounded',
  splits: 'several',
  prunesOnAck: false,
  reconnects: false,
}

export const table: SourceCapabilities = {
  ...log,
  splits: 'single',
  snapshotThenStream: true,
  emitsDeletes: true,
  emitsTruncates: true,
}

const statesFolder = new URL('states/', import.meta.url)

/** A driver of sources that read a `LogUpstream`. */
export function logDriver(
  name: string,
  capabilities: SourceCapabilities,
  createSource: (upstream: LogUpstream) => Source<LogRecord>,
  module: string = import.meta.url,
): Required<Omit<SourceDriver<string, LogRecord>, 'breakConnections'>> {
  return {
    name,
    module,
    capabilities,
    versions: () => Promise.resolve({ test: '1' }),
    setup: async () => (await LogUpstream.create()).directory,
    setupNamed: async (label) => (await LogUpstream.create(label)).directory,
    unreachable: async (directory) => [
      { because: 'there is no directory', target: `${directory}-gone`, retryable: true },
    ],
    invalidOptions: () => mistakesIn(refused),
    states: new URL(capabilities.snapshotThenStream ? 'table/' : 'log/', statesFolder),
    async alterTarget(directory, change) {
      if (change === 'added') new LogUpstream(directory).addColumn()
    },
    createSource: (directory) => createSource(new LogUpstream(directory)),
    toRecords: changesOf,
    async writeExternal(directory, records) {
      new LogUpstream(directory).append(records)
    },
    async rekeyExternal(directory, from, to) {
      new LogUpstream(directory).append([{ ...to, replaces: from }])
    },
    async writeUnrelated(directory) {
      new LogUpstream(directory).append([undefined])
    },
    endPosition: (directory) => Promise.resolve(BigInt(new LogUpstream(directory).end)),
    acknowledged: (directory) => Promise.resolve(BigInt(new LogUpstream(directory).acknowledged)),
    async pruneUpstream(directory) {
      new LogUpstream(directory).prune()
    },
    async killConnections(directory) {
      new LogUpstream(directory).kick()
    },
    secrets: () => [secret],
    clean: (directory) => new LogUpstream(directory).remove(),
  }
}
