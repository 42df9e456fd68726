import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandRun, type CommandResult } from './command-run.ts'

/** A line of the input. */
export interface InputLine {
  readonly id: number
  readonly key: string
}

/** A line of the output of the job `count`. */
export interface CountLine extends InputLine {
  readonly count: number
}

/** A directory for one test, in which a job of `test/jobs` reads `in` and writes `out`. */
export class JobFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'flinkts-cli-'))
  readonly #jobFile: string
  readonly #env: Readonly<Record<string, string>>

  constructor(job: 'count' | 'faulty', env: Readonly<Record<string, string>> = {}) {
    this.#jobFile = fileURLToPath(new URL(`../jobs/${job}.job.ts`, import.meta.url))
    this.#env = env
    mkdirSync(join(this.path, 'in'))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }

  /** Writes an input file of `lineCount` lines with ids from 0, and gives what is to come out. */
  fill(lineCount: number): readonly CountLine[] {
    const input = Array.from({ length: lineCount }, (_, id) => ({ id, key: `key-${id % 7}` }))
    const text = input.map((line) => `${JSON.stringify(line)}\n`).join('')
    writeFileSync(join(this.path, 'in', 'lines.jsonl'), text)
    return input.map((line) => ({ ...line, count: Math.floor(line.id / 7) + 1 }))
  }

  /** Starts a run of the job; `env` and `args` besides those of the folder. */
  start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): CommandRun {
    const common = ['run', this.#jobFile, '--checkpoint-dir', 'checkpoints']
    return new CommandRun([...common, ...args], {
      cwd: this.path,
      env: { ...this.#env, ...env },
    })
  }

  /** Runs the job to its end. */
  run(
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> {
    return this.start(args, env).ended
  }

  /** What is visible of the output, in the order of the files and of their lines. */
  output(): readonly CountLine[] {
    return this.#names('out')
      .filter((name) => name.endsWith('.jsonl') && !name.startsWith('.'))
      .flatMap((name) =>
        readFileSync(join(this.path, 'out', name), 'utf8')
          .trimEnd()
          .split('\n'),
      )
      .map((line) => JSON.parse(line) as CountLine)
  }

  /** The ids of the completed checkpoints, in order. */
  checkpoints(): readonly number[] {
    return this.#names('checkpoints/count')
      .filter((name) => name.startsWith('chk-'))
      .filter((name) => this.#names(`checkpoints/count/${name}`).includes('manifest.json'))
      .map((name) => Number(name.slice('chk-'.length)))
  }

  /** The path of a file of a checkpoint. */
  checkpointFile(checkpointId: number, name: string): string {
    const directory = `chk-${String(checkpointId).padStart(6, '0')}`
    return join(this.path, 'checkpoints', 'count', directory, name)
  }

  #names(directory: string): readonly string[] {
    try {
      return readdirSync(join(this.path, directory)).toSorted()
    } catch {
      return []
    }
  }
}

/** A line of the log, which is JSON in these tests. */
export type LogLine = Readonly<Record<string, unknown>>

/** The lines of the log that say `message`. */
export function logged(lines: readonly string[], message: string): readonly LogLine[] {
  return lines
    .map((line) => JSON.parse(line) as LogLine)
    .filter((entry) => entry['message'] === message)
}

/** The error that a command printed last. */
export function reportedError({ lines }: CommandResult): LogLine {
  return JSON.parse(lines.at(-1) ?? '{}') as LogLine
}
