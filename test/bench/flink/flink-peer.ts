import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { scratchFolder } from '../scratch.ts'
import type { LoadName } from './load.ts'
import { parseFirstRecords, parseRecoveries, parseWindows, type PeerWindow } from './peer-output.ts'

const run = promisify(execFile)
const outputBytesMax = 16 * 2 ** 20
/** No longer than that for one run: its warm-up ends by itself after four minutes. */
const timeoutMs = 900_000

/** How long the peer runs before and while it is measured, in seconds of processor time. */
export interface PeerTimes {
  readonly warmUp: number
  readonly window: number
  readonly windowCount: number
}

/** Flink with its defaults for speed: objects reused, state on the heap, one subtask. */
export class FlinkPeer {
  readonly #folder: string
  readonly #times: PeerTimes

  /** `folder`: with `run.sh`, and what it needs built. */
  constructor(folder: string, times: PeerTimes) {
    this.#folder = folder
    this.#times = times
  }

  windows(job: LoadName): Promise<readonly PeerWindow[]> {
    return this.#bench(job, this.#times.windowCount, []).then(parseWindows)
  }

  /** Milliseconds from a failure to the first record behind the restart: of each of `count`. */
  recoveries(job: LoadName, count: number): Promise<readonly number[]> {
    return this.#bench(job, count, ['recover']).then(parseRecoveries)
  }

  /** Milliseconds from the start of the process to the first record out of a small job. */
  async firstRecord(): Promise<number> {
    const output = await this.#run(['Cold', String(Date.now())], '-Xmx1g')
    return parseFirstRecords(output)[0] ?? Number.NaN
  }

  async #bench(job: LoadName, count: number, more: readonly string[]): Promise<string> {
    await using scratch = await scratchFolder('flink-peer')
    const seconds = String(this.#times.window)
    const checkpoints = path.join(scratch.path, 'checkpoints')
    const how = ['1', '1', 'hashmap', seconds, String(count), checkpoints]
    return await this.#run(['Bench', job, ...how, ...more], '-Xmx5g')
  }

  async #run(args: readonly string[], heap: string): Promise<string> {
    const env = { ...process.env, HEAP: heap, WARM: String(this.#times.warmUp) }
    const options = { env, maxBuffer: outputBytesMax, timeout: timeoutMs }
    const { stdout } = await run('bash', [path.join(this.#folder, 'run.sh'), ...args], options)
    return stdout
  }
}
