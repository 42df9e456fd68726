import { fileURLToPath } from 'node:url'
import { carefulFormat } from '../output-formats.ts'
import type { Peer } from '../peer.ts'
import { environment } from './environment.ts'

const module = fileURLToPath(new URL('careful-library-main.ts', import.meta.url))
const benchFolder = fileURLToPath(new URL('../..', import.meta.url))

/**
 * What a careful user writes around the npm library for logical replication: a snapshot of their
 * own, and acknowledging only what was synced to the file. npm installs it with this bench.
 */
export const carefulLibraryPeer: Peer = {
  name: 'pg-logical-replication-careful',
  format: carefulFormat,
  streaming: true,
  settleMs: 6_000,
  install: () =>
    Promise.resolve({
      version: 'pg-logical-replication 2.5.0',
      command: ({ login, database, outputFolder, stateFolder }) =>
        Promise.resolve({
          file: process.execPath,
          args: [module, outputFolder, stateFolder],
          env: environment({ login, database }),
          cwd: benchFolder,
        }),
    }),
}
