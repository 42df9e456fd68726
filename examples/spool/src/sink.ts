import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type CommitOutcome,
  type Committer,
  type ConnectorContext,
  FlinktsError,
  type Sink,
  type SinkWriter,
  type SubtaskContext,
  systemCodeOf,
} from '@flinkts/core/connector'
import { check, checked, json, type SpoolOptions } from './options.ts'

/** A file that is complete and durable, and that no reader sees yet. Paths in the directory. */
interface StagedFile {
  readonly staged: string
  readonly visible: string
}

/** Writes each record as a line of JSON, into files that appear when their checkpoint is done. */
export function spoolSink<In>(options: SpoolOptions): Sink<In, StagedFile, 'exactly-once', never> {
  const { directory } = checked(options)
  return {
    description: `spool ${directory}`,
    guarantee: 'exactly-once',
    mechanism: 'staged files, renamed after the checkpoint',
    committableSerializer: json<StagedFile>(),
    preflight: () => check(directory, 'write'),
    async createWriter(context) {
      await mkdir(join(directory, stagingOf(context)), { recursive: true })
      if (context.subtask === 0) await removeLeftovers(directory, context)
      return new SpoolWriter<In>(directory, context)
    },
    createCommitter: async () => new SpoolCommitter(directory),
  }
}

/** Where a sink stages: no other job, and no other sink of the job, has the same folder. */
function stagingOf({ jobId, operatorId }: ConnectorContext): string {
  return `.staged/${jobId}-${encodeURIComponent(operatorId)}`
}

/** All that a checkpoint holds was committed before: what older attempts left is void. */
async function removeLeftovers(directory: string, context: SubtaskContext): Promise<void> {
  const folder = join(directory, stagingOf(context))
  for (const name of await readdir(folder)) {
    if (Number.parseInt(name, 10) < context.attempt) await rm(join(folder, name))
  }
}

/** In characters: a longer file is ended before the checkpoint. */
const fileSizeMax = 65_536

class SpoolWriter<In> implements SinkWriter<In, StagedFile> {
  readonly #directory: string
  readonly #context: SubtaskContext
  #lines: string[] = []
  #size = 0
  #count = 0
  /** Of this checkpoint: what is written, or on its way. */
  #files: { readonly name: string; readonly done: Promise<void> }[] = []
  readonly #underWay = new Set<Promise<void>>()

  constructor(directory: string, context: SubtaskContext) {
    this.#directory = directory
    this.#context = context
  }

  write(value: In): void | Promise<void> {
    const line = `${JSON.stringify(value)}\n`
    this.#lines.push(line)
    this.#size += line.length
    if (this.#size >= fileSizeMax) return this.#stage()
  }

  async flush(): Promise<void> {
    void this.#stage()
    await Promise.all(this.#files.map(({ done }) => done))
  }

  async prepareCommit(checkpointId: number): Promise<readonly StagedFile[]> {
    void this.#stage()
    const files = this.#files
    this.#files = []
    await Promise.all(files.map(({ done }) => done))
    const { jobId, operatorId } = this.#context
    const order = String(checkpointId).padStart(10, '0')
    const owner = `${jobId}-${encodeURIComponent(operatorId)}`
    return files.map(({ name }) => ({
      staged: `${stagingOf(this.#context)}/${name}`,
      visible: `${order}-${owner}-${name}`,
    }))
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#underWay)
  }

  /** Ends the file of this moment: what is written from now on goes into the next one. */
  #stage(): Promise<void> {
    if (this.#lines.length === 0) return Promise.resolve()
    const text = this.#lines.join('')
    this.#lines = []
    this.#size = 0
    this.#count += 1
    const { attempt, subtask } = this.#context
    const name = `${attempt}-${subtask}-${String(this.#count).padStart(8, '0')}`
    const path = join(this.#directory, stagingOf(this.#context), name)
    const done = this.#durable(path, text)
    this.#files.push({ name, done })
    this.#underWay.add(done)
    const ended = (): unknown => this.#underWay.delete(done)
    done.then(ended, ended)
    return done
  }

  async #durable(path: string, text: string): Promise<void> {
    await writeFile(path, text, { flush: true })
    await syncDirectory(join(path, '..'))
  }
}

class SpoolCommitter implements Committer<StagedFile> {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async commit({ staged, visible }: StagedFile): Promise<CommitOutcome> {
    const status = await this.#show(staged, visible)
    await syncDirectory(this.#directory)
    return { status }
  }

  async close(): Promise<void> {}

  async #show(staged: string, visible: string): Promise<'committed' | 'already-committed'> {
    try {
      await rename(join(this.#directory, staged), join(this.#directory, visible))
      return 'committed'
    } catch (thrown) {
      if (systemCodeOf(thrown) !== 'ENOENT') throw thrown
    }
    if (await isThere(join(this.#directory, visible))) return 'already-committed'
    throw new FlinktsError(
      'FLINKTS_COMMIT_REJECTED',
      `neither "${staged}" nor "${visible}" exists`,
      {
        hint: 'Somebody removed it: put it back, or restore an older checkpoint.',
      },
    )
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (thrown) {
    if (systemCodeOf(thrown) === 'ENOENT') return false
    throw thrown
  }
}

/** The name of a file is durable when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
