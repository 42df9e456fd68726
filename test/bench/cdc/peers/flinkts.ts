import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { flinktsFormat } from '../output-formats.ts'
import type { Peer } from '../peer.ts'
import { environment } from './environment.ts'

const job = fileURLToPath(new URL('flinkts-main.ts', import.meta.url))
const benchFolder = fileURLToPath(new URL('../..', import.meta.url))

/** flinkts as users get it: the built packages, exactly once, a checkpoint each second. */
export const flinktsPeer: Peer = {
  name: 'flinkts',
  format: flinktsFormat,
  streaming: true,
  settleMs: 5_000,
  install: () =>
    Promise.resolve({
      version: 'this workspace, built',
      command: async ({ login, database, outputFolder, stateFolder }) => {
        await mkdir(outputFolder, { recursive: true })
        return {
          file: process.execPath,
          args: [job, outputFolder, stateFolder],
          env: environment({ login, database }),
          cwd: benchFolder,
        }
      },
    }),
}
