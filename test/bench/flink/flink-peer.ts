import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { scratchFolder } from '../scratch.ts'
import type { LoadName } from './load-jobs.ts'
import { parseFirstRecords, parseRecoveries, parseWindows, type PeerWindow } from './peer-output.ts'

const run = promisify(execFile)
const outputBytesMax = 16 * 2 ** 20
/** No longer than that for one run: its warm-up ends by itself after four minutes. */
const timeoutMs = 900_000
const environmentVariable = 'FLINKTS_BASELINES'

/** How long the peer runs before and while it is measured, in seconds of processor time. */
export interface PeerTimes {
  readonly warmUp: number
  readonly window: number
}

/** Flink with its defaults for speed: objects reused, state on the heap, one subtask. */
export class FlinkPeer {
  readonly #folder: string
  readonly #times: PeerTimes

  constructor(folder: string, times: PeerTimes) {
    this.#folder = folder
    this.#times = times
  }

  async windows(job: LoadName): Promise<readonly PeerWindow[]> {
    return parseWindows(await this.#bench(job, []))
  }

  /** Milliseconds from a failure to the first record behind the restart, several of them. */
  async recoveries(job: LoadName): Promise<readonly number[]> {
    return parseRecoveries(await this.#bench(job, ['recover']))
  }

  /** Milliseconds from the start of the process to the first record out of a small job. */
  async firstRecord(): Promise<number | undefined> {
    return parseFirstRecords(await this.#run(['Cold', String(Date.now())], '-Xmx1g'))[0]
  }

  async #bench(job: LoadName, more: readonly string[]): Promise<string> {
    await using scratch = await scratchFolder('flink-peer')
    const seconds = String(this.#times.window)
    const checkpoints = path.join(scratch.path, 'checkpoints')
    const args = ['Bench', job, '1', '1', 'hashmap', seconds, '3', checkpoints, ...more]
    return await this.#run(args, '-Xmx5g')
  }

  async #run(args: readonly string[], heap: string): Promise<string> {
    const env = { ...process.env, HEAP: heap, WARM: String(this.#times.warmUp) }
    const options = { env, maxBuffer: outputBytesMax, timeout: timeoutMs }
    const { stdout } = await run('bash', [path.join(this.#folder, 'run.sh'), ...args], options)
    return stdout
  }
}

/** The peer in the folder that the environment names, or why it cannot be had. */
export function findFlinkPeer(
  times: PeerTimes,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly peer: FlinkPeer } | { readonly missing: string } {
  const baselines = environment[environmentVariable]
  if (baselines === undefined) {
    return { missing: `${environmentVariable} does not name a folder of baselines` }
  }
  const folder = path.join(baselines, 'flink')
  if (!existsSync(path.join(folder, 'run.sh'))) return { missing: `${folder} has no run.sh` }
  if (!existsSync(path.join(folder, 'java', 'target', 'classes'))) {
    return { missing: `${folder}/java is not built: "mvn -q package" there` }
  }
  return { peer: new FlinkPeer(folder, times) }
}
