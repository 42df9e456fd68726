import { messageOf } from '@flinkts/core/connector'
import type {
  Finding,
  Source,
  SourceProver,
  SourceReaderContext,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'
import { reportsOn } from './conformance.ts'
import { discover } from './discovery.ts'
import { enumeratorStateSerializer, FileEnumerator } from './enumerator.ts'
import type { FileEnumeratorState } from './enumerator.ts'
import { resolveFileSourceOptions } from './options.ts'
import type { FileSourceOptions, ResolvedFileSourceOptions } from './options.ts'
import { FileReader } from './reader.ts'
import { splitSerializer } from './split.ts'
import type { FileSplit } from './split.ts'

/**
 * Reads files: those that are there at the first start, or, with `watch`, also those that come.
 * Each is read once, at the size it had when it was discovered, in splits that several subtasks
 * share; a restart goes on at the byte after the last record of the checkpoint.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function fileSource<Out>(
  options: FileSourceOptions<Out>,
): Source<Out, FileSplit, FileEnumeratorState, true> {
  return new FileSource(resolveFileSourceOptions(options))
}

class FileSource<Out> implements Source<Out, FileSplit, FileEnumeratorState, true> {
  readonly description: string
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly replayable = true
  readonly mechanism = 'files are read again from the byte position in the checkpoint'
  readonly conformance: readonly string[]
  readonly splitSerializer = splitSerializer
  readonly enumeratorStateSerializer = enumeratorStateSerializer
  readonly #options: ResolvedFileSourceOptions<Out>

  constructor(options: ResolvedFileSourceOptions<Out>) {
    this.#options = options
    this.description = `${options.format.name} files ${textOf(options)}`
    const watching = options.watch !== undefined
    this.boundedness = watching ? 'continuous-unbounded' : 'bounded'
    this.conformance = reportsOn(options.store, watching ? 'source-watching' : 'source')
  }

  /** The files that are there now: to read them leaves nothing behind. */
  prover(): Promise<SourceProver<Out>> {
    const options = { ...this.#options, watch: undefined }
    return Promise.resolve({ createSource: () => new FileSource(options) })
  }

  async preflight(): Promise<readonly Finding[]> {
    const { store, patterns, watch } = this.#options
    const findings = await store.check('read')
    if (findings.length > 0) return findings
    try {
      const files = await discover(store, patterns)
      return files.length > 0 || watch !== undefined ? [] : [noFiles(textOf(this.#options))]
    } catch (cause) {
      return [unlistable(cause)]
    }
  }

  createEnumerator(
    context: SplitEnumeratorContext<FileSplit>,
    restored: FileEnumeratorState | undefined,
  ): FileEnumerator<Out> {
    return new FileEnumerator(this.#options, context, restored)
  }

  createReader(context: SourceReaderContext): FileReader<Out> {
    return new FileReader(this.#options, context)
  }
}

function textOf<Out>(options: ResolvedFileSourceOptions<Out>): string {
  return options.patterns.map((pattern) => pattern.text).join(', ')
}

function noFiles(text: string): Finding {
  return {
    severity: 'warning',
    code: 'no-files',
    message: `no file matches ${text}`,
    hint: 'Correct the path, or the job reads nothing. To wait for files, use the option "watch".',
  }
}

function unlistable(cause: unknown): Finding {
  return {
    severity: 'error',
    code: 'files-unlistable',
    message: `files cannot be listed: ${messageOf(cause)}`,
    hint: 'Give the user of the job the right to read the directories, or correct the path.',
  }
}
