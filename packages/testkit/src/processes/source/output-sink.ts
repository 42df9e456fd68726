import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCodeOf } from '@flinkts/core/connector'
import type {
  CommitOutcome,
  Committer,
  Serializer,
  Sink,
  SinkWriter,
  SubtaskContext,
} from '@flinkts/core/connector'
import type { Emitted } from '../../engine/source/source-checkpoint.ts'

/** What a process hears of its sink, and tells it. @internal */
export interface OutputSinkHooks {
  /** Called with the count of all visible records when more became visible. */
  readonly onVisible: (count: number) => void
  /** Whether this checkpoint of a writer, from 1, is not prepared in time, so that it fails. */
  readonly comesLate: (checkpoint: number) => boolean
}

/**
 * The kit's own sink, exactly once: a file for each subtask and checkpoint, made visible by a
 * rename. It outlives the death of a process, and needs no more.
 *
 * @internal
 */
export function outputSink(
  directory: string,
  hooks: OutputSinkHooks,
): Sink<Emitted, string, 'exactly-once'> {
  const output = new OutputDirectory(directory)
  return {
    description: 'the output of the conformance kit',
    guarantee: 'exactly-once',
    mechanism: 'a rename after the checkpoint',
    committableSerializer: nameSerializer,
    createWriter: (context) => Promise.resolve(new OutputWriter(output, context, hooks)),
    createCommitter: (): Promise<Committer<string>> =>
      Promise.resolve({
        commit(name): Promise<CommitOutcome> {
          const committed = output.publish(name)
          if (committed) hooks.onVisible(output.visible().length)
          return Promise.resolve({ status: committed ? 'committed' : 'already-committed' })
        },
        close: () => Promise.resolve(),
      }),
  }
}

/** Pending and visible files of records. @internal */
export class OutputDirectory {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
    for (const folder of ['pending', 'visible']) {
      mkdirSync(join(directory, folder), { recursive: true })
    }
  }

  prepare(name: string, records: readonly Emitted[]): void {
    writeFileSync(join(this.#directory, 'pending', name), JSON.stringify(records))
  }

  /** @returns whether it was not visible before. */
  publish(name: string): boolean {
    try {
      renameSync(join(this.#directory, 'pending', name), join(this.#directory, 'visible', name))
      return true
    } catch (thrown) {
      if (systemCodeOf(thrown) === 'ENOENT') return false
      throw thrown
    }
  }

  /** In the order of checkpoints. */
  visible(): readonly Emitted[] {
    const folder = join(this.#directory, 'visible')
    const names = readdirSync(folder).toSorted()
    return names.flatMap(
      (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as readonly Emitted[],
    )
  }
}

class OutputWriter implements SinkWriter<Emitted, string> {
  readonly #output: OutputDirectory
  readonly #context: SubtaskContext
  readonly #hooks: OutputSinkHooks
  #records: Emitted[] = []
  #checkpoints = 0
  #late: (() => void) | undefined

  constructor(output: OutputDirectory, context: SubtaskContext, hooks: OutputSinkHooks) {
    this.#output = output
    this.#context = context
    this.#hooks = hooks
  }

  write(record: Emitted): void {
    this.#records.push(record)
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  async prepareCommit(checkpointId: number): Promise<readonly string[]> {
    this.#late?.()
    this.#checkpoints += 1
    const names = this.#prepare(checkpointId)
    if (this.#hooks.comesLate(this.#checkpoints)) {
      await new Promise<void>((resolve) => {
        this.#late = resolve
      })
    }
    return names
  }

  close(): Promise<void> {
    this.#late?.()
    return Promise.resolve()
  }

  #prepare(checkpointId: number): readonly string[] {
    const records = this.#records
    this.#records = []
    if (records.length === 0) return []
    const { attempt, subtask } = this.#context
    const name = `${String(checkpointId).padStart(9, '0')}-${subtask}-${attempt}`
    this.#output.prepare(name, records)
    return [name]
  }
}

const nameSerializer: Serializer<string> = {
  version: 1,
  serialize: (name) => new TextEncoder().encode(name),
  deserialize: (_version, bytes) => new TextDecoder().decode(bytes),
}
