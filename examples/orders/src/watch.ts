/**
 * Somebody else who reads the output while the job runs, is killed, and runs again: looks at
 * `*.jsonl` all the time. A file, once seen, must hold whole lines, and stay as it is.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type JsonObject, listFiles, parseRecords } from './output-files.ts'

export interface WatchOptions {
  readonly directories: readonly string[]
  /** The pause between two looks. */
  readonly intervalMs: number
  /** Called once for each file, soon after it became visible. */
  readonly onFile: (file: SeenFile) => void
  /** Called when looking itself failed. */
  readonly onFailure: (error: unknown) => void
}

export interface SeenFile {
  readonly records: readonly JsonObject[]
  /** When it got its name, in milliseconds since 1970. */
  readonly publishedAt: number
}

export interface Watch {
  /** Looks once more, reads every file again, and says what was wrong; empty if nothing was. */
  stop(): Promise<readonly string[]>
}

/** Begins to watch. */
export function watchOutput(options: WatchOptions): Watch {
  const watcher = new Watcher(options)
  const running = watcher.run()
  running.catch(options.onFailure)
  return {
    async stop() {
      watcher.stop()
      await running
      await watcher.look()
      await watcher.readAgain()
      return watcher.problems
    },
  }
}

class Watcher {
  readonly problems: string[] = []
  readonly #options: WatchOptions
  /** By path: what the file looked like when it was first seen. */
  readonly #seen = new Map<string, { readonly stamp: string; readonly hash: string }>()
  #stopped = false

  constructor(options: WatchOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      await this.look()
      await delay(this.#options.intervalMs)
    }
  }

  stop(): void {
    this.#stopped = true
  }

  async look(): Promise<void> {
    const lists = await Promise.all(this.#options.directories.map((name) => listFiles(name)))
    const present = new Set(lists.flat())
    for (const file of this.#seen.keys()) {
      if (!present.has(file)) this.#complain(file, 'has vanished')
    }
    for (const file of present) {
      const seen = this.#seen.get(file)
      if (seen === undefined) await this.#firstSight(file)
      else if (seen.stamp !== (await stampOf(file))) this.#complain(file, 'has changed')
    }
  }

  async readAgain(): Promise<void> {
    for (const [file, { hash }] of this.#seen) {
      if (!existsSync(file)) this.#complain(file, 'has vanished')
      else if (hashOf(await readFile(file)) !== hash) this.#complain(file, 'has other content now')
    }
  }

  async #firstSight(file: string): Promise<void> {
    const stamp = await stampOf(file)
    const { ctimeMs } = await stat(file)
    const bytes = await readFile(file)
    this.#seen.set(file, { stamp, hash: hashOf(bytes) })
    let records: readonly JsonObject[] = []
    try {
      records = parseRecords(bytes.toString(), path.basename(file))
    } catch (error) {
      this.#complain(file, `was seen half-written: ${String(error)}`)
    }
    this.#options.onFile({ records, publishedAt: ctimeMs })
  }

  #complain(file: string, problem: string): void {
    const complaint = `${path.basename(file)} ${problem}`
    if (!this.problems.includes(complaint)) this.problems.push(complaint)
  }
}

async function stampOf(file: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(file)
    return `${size} bytes, modified ${mtimeMs}, inode ${ino}`
  } catch {
    return 'gone'
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
