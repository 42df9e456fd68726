import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileExists, runProgram } from '../../installation.ts'
import { rivetFormat } from '../output-formats.ts'
import type { Peer, PeerPlace } from '../peer.ts'
import { environment } from './environment.ts'

const version = '0.32.2'
const configuration = 'rivet.yaml'
const urlVariable = 'RIVET_URL'

/** A snapshot and change capture tool in Rust; its runs end, so they are repeated each second. */
export const rivetPeer: Peer = {
  name: 'rivet',
  format: rivetFormat,
  streaming: false,
  settleMs: 15_000,
  install: async (cacheFolder) => {
    const folder = path.join(cacheFolder, `rivet-${version}`)
    const program = path.join(folder, 'bin', 'rivet')
    if (!(await fileExists(program))) {
      await mkdir(cacheFolder, { recursive: true })
      await runProgram('python3', ['-m', 'venv', folder])
      await runProgram(path.join(folder, 'bin', 'pip'), ['-q', 'install', `rivet-cli==${version}`])
    }
    return {
      version: `rivet ${version}`,
      command: async (place) => {
        const env = { ...environment(place), [urlVariable]: urlOf(place) }
        await configure(program, place, env)
        const loop = 'while "$0" run -c "$1"; do sleep 1; done'
        return {
          file: '/bin/sh',
          args: ['-c', loop, program, configuration],
          env,
          cwd: place.stateFolder,
        }
      },
    }
  },
}

/** Its own generator, with the place and the format of the output put right. */
async function configure(
  program: string,
  place: PeerPlace,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const file = path.join(place.stateFolder, configuration)
  if (await fileExists(file)) return
  const source = ['init', '--source-env', urlVariable, '--table', 'public.orders', '--mode', 'cdc']
  await runProgram(program, [...source, '-o', file], { cwd: place.stateFolder, env })
  const generated = await readFile(file, 'utf8')
  const text = generated
    .replace(/path: .*/, `path: ${place.outputFolder}/`)
    .replace('format: parquet', 'format: csv')
  await writeFile(file, text)
}

function urlOf({ login, database }: PeerPlace): string {
  return `postgresql://${login.user}:${login.password}@${login.host}:${login.port}/${database}`
}
