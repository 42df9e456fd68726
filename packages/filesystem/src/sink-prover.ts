import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { CommittedRecord, Sink, SinkProver } from '@flinkts/core/connector'
import { LocalObjectStore, localDirectory } from './local-object-store.ts'
import type { ObjectStore } from './object-store.ts'
import type { ResolvedFileSinkOptions } from './options.ts'

/** Whether there is a prover: for lines in local directories. @internal */
export function isProvable<In>({
  store,
  format,
}: Pick<ResolvedFileSinkOptions<In>, 'store' | 'format'>): boolean {
  return store instanceof LocalObjectStore && format.name === 'json-lines'
}

/** Proves a sink in temporary directories, whose lines are the records. @internal */
export class FileSinkProver<In> implements SinkProver<In> {
  readonly #sinkIn: (store: ObjectStore) => Sink<In>

  constructor(sinkIn: (store: ObjectStore) => Sink<In>) {
    this.#sinkIn = sinkIn
  }

  setup(): Promise<string> {
    return mkdtemp(join(tmpdir(), 'flinkts-prove-'))
  }

  createSink(copy: string): Sink<In> {
    return this.#sinkIn(localDirectory(copy))
  }

  /** A line in another bucket is another record. */
  async readCommitted(copy: string): Promise<readonly CommittedRecord[]> {
    const records: CommittedRecord[] = []
    for (const path of await filesIn(copy, visible)) {
      const bucket = relative(copy, dirname(path))
      const text = await readFile(path, 'utf8')
      for (const line of text.split('\n').slice(0, -1)) {
        records.push({ text: bucket === '' ? line : `${bucket}: ${line}` })
      }
      // The rest is none, unless a file ends in the middle of one.
      const rest = text.slice(text.lastIndexOf('\n') + 1)
      if (rest !== '') records.push({ text: `${path} ends without a line break: ${rest}` })
    }
    return records
  }

  async listInFlight(copy: string): Promise<readonly string[]> {
    const paths = await filesIn(copy, (name) => !visible(name))
    return paths.map((path) => relative(copy, path))
  }

  clean(copy: string): Promise<void> {
    return rm(copy, { recursive: true, force: true })
  }
}

function visible(name: string): boolean {
  return !name.startsWith('.')
}

/** The paths of files below a directory, by their names. */
async function filesIn(
  directory: string,
  picks: (name: string) => boolean,
): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && picks(entry.name))
    .map(({ parentPath, name }) => join(parentPath, name))
}
