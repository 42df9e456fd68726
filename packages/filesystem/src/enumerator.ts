import type {
  Cancellable,
  Serializer,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'
import * as z from 'zod'
import { parseState } from './committable.ts'
import { discover } from './discovery.ts'
import type { ObjectInfo } from './object-store.ts'
import type { ResolvedFileSourceOptions } from './options.ts'
import { splitSchema, splitsOf } from './split.ts'
import type { FileSplit } from './split.ts'

/**
 * What was discovered and not yet handed out.
 *
 * @public
 */
export interface FileEnumeratorState {
  /** Path and size of every file discovered so far: each is read once, at that size. Only grows. */
  readonly discovered: readonly (readonly [path: string, size: number])[]
  /** In the order in which they will be handed out. */
  readonly pending: readonly FileSplit[]
}

/**
 * Discovers files, once or again and again, and hands out their splits in the order of paths.
 *
 * @internal
 */
export class FileEnumerator<Out> implements SplitEnumerator<FileSplit, FileEnumeratorState> {
  readonly #options: ResolvedFileSourceOptions<Out>
  readonly #context: SplitEnumeratorContext<FileSplit>
  readonly #restored: boolean
  readonly #sizes: Map<string, number>
  readonly #pending: FileSplit[]
  /** Subtasks that asked for a split and got none yet, in the order of asking. */
  readonly #waiting: number[] = []
  /** Files whose change was reported. */
  readonly #reported = new Set<string>()
  #timer: Cancellable | undefined
  #closed = false

  constructor(
    options: ResolvedFileSourceOptions<Out>,
    context: SplitEnumeratorContext<FileSplit>,
    restored: FileEnumeratorState | undefined,
  ) {
    this.#options = options
    this.#context = context
    this.#restored = restored !== undefined
    this.#sizes = new Map(restored?.discovered)
    this.#pending = [...(restored?.pending ?? [])]
  }

  async start(): Promise<void> {
    const { watch } = this.#options
    // What a bounded source reads was decided at its first start.
    if (watch === undefined && this.#restored) return
    this.#addNew(await this.#discover())
    if (watch !== undefined) this.#watch(watch.intervalMs)
  }

  addReader(): void {}

  handleSplitRequest(subtask: number): void {
    this.#waiting.push(subtask)
    this.#assign()
  }

  snapshotState(): FileEnumeratorState {
    return { discovered: [...this.#sizes], pending: [...this.#pending] }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
  }

  #watch(intervalMs: number): void {
    if (this.#closed) return
    this.#timer = this.#context.scheduler.after(intervalMs, () => {
      this.#discover().then(
        (files) => {
          if (this.#closed) return
          this.#addNew(files)
          this.#assign()
          this.#watch(intervalMs)
        },
        (cause: unknown) => this.#context.fail(cause),
      )
    })
  }

  #discover(): Promise<readonly ObjectInfo[]> {
    return discover(this.#options.store, this.#options.patterns)
  }

  #addNew(files: readonly ObjectInfo[]): void {
    const { format, splitBytes } = this.#options
    for (const file of files) {
      const size = this.#sizes.get(file.path)
      if (size === undefined) {
        this.#sizes.set(file.path, file.size)
        const bytes = format.splittable ? splitBytes : Math.max(1, file.size)
        this.#pending.push(...splitsOf(file, bytes))
      } else if (size !== file.size) {
        this.#reportChange(file, size)
      }
    }
  }

  #reportChange({ path, size }: ObjectInfo, sizeThen: number): void {
    if (this.#reported.has(path)) return
    this.#reported.add(path)
    this.#context.logger.warn(
      'a file changed after it was discovered: what was added is not read; move ' +
        'complete files into place',
      { path, sizeThen, size },
    )
  }

  #assign(): void {
    while (this.#waiting.length > 0) {
      const split = this.#pending[0]
      // Later discoveries may have more.
      if (split === undefined && this.#options.watch !== undefined) return
      const subtask = this.#waiting.shift()
      if (subtask === undefined) return
      if (split === undefined) {
        this.#context.signalNoMoreSplits(subtask)
      } else {
        this.#pending.shift()
        this.#context.assignSplit(split, subtask)
      }
    }
  }
}

const schema: z.ZodType<FileEnumeratorState> = z.object({
  discovered: z.array(z.tuple([z.string(), z.int().nonnegative()])),
  pending: z.array(splitSchema),
})

/** Version 1: JSON, fields in the order of the type. @internal */
export const enumeratorStateSerializer: Serializer<FileEnumeratorState> = {
  version: 1,
  serialize({ discovered, pending }) {
    return new TextEncoder().encode(JSON.stringify({ discovered, pending }))
  },
  deserialize(version, bytes) {
    return parseState({ kind: 'enumerator state', version, bytes, schema })
  },
}
