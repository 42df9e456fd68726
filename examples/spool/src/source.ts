import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Cancellable,
  FlinktsError,
  type InputStatus,
  messageOf,
  type Source,
  type SourceOutput,
  type SourceReader,
  type SourceReaderContext,
  type SourceSplit,
  type SplitEnumerator,
  type SplitEnumeratorContext,
} from '@flinkts/core/connector'
import { check, checked, json, type SpoolOptions } from './options.ts'

/** A file of the directory; its name is the id. */
export interface SpoolSplit extends SourceSplit {
  /** In bytes: every line before it was emitted, and none behind it. */
  readonly position: number
}

/** Names of the files that some reader has. */
type Assigned = readonly string[]

/** Reads lines of JSON: every file that is moved into a directory, once, in the order of names. */
export function spoolSource<Out>(options: SpoolOptions): Source<Out, SpoolSplit, Assigned, true> {
  const known = checked(options)
  const { directory } = known
  return {
    description: `spool ${directory}`,
    boundedness: 'continuous-unbounded',
    replayable: true,
    mechanism: 'files are read again from the position in the checkpoint',
    splitSerializer: json<SpoolSplit>(),
    enumeratorStateSerializer: json<Assigned>(),
    preflight: () => check(directory, 'read'),
    createEnumerator: (context, restored = []) => new SpoolEnumerator(known, context, restored),
    createReader: (context) => new SpoolReader<Out>(known, context),
  }
}

class SpoolEnumerator implements SplitEnumerator<SpoolSplit, Assigned> {
  readonly #options: Required<SpoolOptions>
  readonly #context: SplitEnumeratorContext<SpoolSplit>
  readonly #assigned: Set<string>
  #readers = 0
  #timer: Cancellable | undefined
  #closed = false

  constructor(
    options: Required<SpoolOptions>,
    context: SplitEnumeratorContext<SpoolSplit>,
    restored: Assigned,
  ) {
    this.#options = options
    this.#context = context
    this.#assigned = new Set(restored)
  }

  async start(): Promise<void> {}

  addReader(): void {
    this.#readers += 1
    if (this.#readers === this.#context.parallelism) this.#look()
  }

  /** Readers do not ask: they get a file as soon as it is found. */
  handleSplitRequest(): void {}

  snapshotState(): Assigned {
    return [...this.#assigned]
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
  }

  #look(): void {
    readdir(this.#options.directory).then(
      (names) => {
        if (this.#closed) return
        for (const name of names.toSorted()) this.#assign(name)
        this.#timer = this.#context.scheduler.after(this.#options.pollMs, () => this.#look())
      },
      (cause: unknown) => this.#context.fail(cause),
    )
  }

  #assign(name: string): void {
    if (name.startsWith('.') || this.#assigned.has(name)) return
    const subtask = this.#assigned.size % this.#context.parallelism
    this.#context.assignSplit({ splitId: name, position: 0 }, subtask)
    this.#assigned.add(name)
  }
}

interface Line {
  readonly text: string
  /** Where the next one begins, in bytes. */
  readonly end: number
}

/** A split that is being read. */
interface SpoolFile {
  readonly name: string
  position: number
  /** Read ahead, from `position`. */
  lines: readonly Line[]
  /** Of `lines`: the first that is not emitted. */
  next: number
  /** Whether `lines` goes to the end of the file. */
  atEnd: boolean
}

class SpoolReader<Out> implements SourceReader<Out, SpoolSplit> {
  readonly #options: Required<SpoolOptions>
  readonly #context: SourceReaderContext
  readonly #files = new Map<string, SpoolFile>()
  #timer: Cancellable | undefined
  #failure: { readonly cause: unknown } | undefined
  #news = Promise.withResolvers<void>()
  #closed = false

  constructor(options: Required<SpoolOptions>, context: SourceReaderContext) {
    this.#options = options
    this.#context = context
  }

  start(): void {
    this.#readLater()
  }

  addSplits(splits: readonly SpoolSplit[]): void {
    for (const { splitId, position } of splits) {
      this.#files.set(splitId, { name: splitId, position, lines: [], next: 0, atEnd: false })
    }
  }

  /** Does not come: there may always be more files. */
  notifyNoMoreSplits(): void {}

  pollNext(output: SourceOutput<Out>): InputStatus {
    if (this.#failure !== undefined) throw this.#failure.cause
    for (const file of this.#files.values()) {
      const split = output.forSplit(file.name)
      for (let line = file.lines[file.next]; line !== undefined; line = file.lines[file.next]) {
        const value = parse(line.text, file) as Out
        file.next += 1
        file.position = line.end
        if (!split.collect(value)) return 'more-available'
      }
      if (!file.atEnd) continue
      this.#files.delete(file.name)
      output.releaseSplit(file.name)
    }
    return 'nothing-available'
  }

  available(): Promise<void> {
    const ready = this.#failure !== undefined || [...this.#files.values()].some(hasNews)
    return ready ? Promise.resolve() : this.#news.promise
  }

  snapshotState(): readonly SpoolSplit[] {
    return [...this.#files.values()].map(({ name, position }) => ({ splitId: name, position }))
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
  }

  #readLater(): void {
    this.#timer = this.#context.scheduler.after(this.#options.pollMs, () => {
      this.#readAll().then(
        () => {
          if (!this.#closed) this.#readLater()
        },
        (cause: unknown) => {
          this.#failure = { cause }
          this.#wake()
        },
      )
    })
  }

  async #readAll(): Promise<void> {
    for (const file of this.#files.values()) {
      if (hasNews(file)) continue
      Object.assign(file, await readAt(this.#options, file), { next: 0 })
      this.#wake()
    }
  }

  /** Whoever waits is told, however often `pollNext` was called since. */
  #wake(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }
}

/** Something that the next poll emits, or the end of the file. */
function hasNews({ lines, next, atEnd }: SpoolFile): boolean {
  return atEnd || next < lines.length
}

/** @throws FlinktsError FLINKTS_RECORD_UNDECODABLE */
function parse(text: string, { name, position }: SpoolFile): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw undecodable(`"${name}" has no JSON at byte ${position}: ${messageOf(cause)}`)
  }
}

/** The next whole lines, at least one before the end. */
async function readAt(
  { directory, readBytes }: Required<SpoolOptions>,
  { name, position }: SpoolFile,
): Promise<Pick<SpoolFile, 'lines' | 'atEnd'>> {
  const path = join(directory, name)
  const handle = await open(path).catch((cause: unknown) => {
    throw gone(`"${path}" cannot be read any more: ${messageOf(cause)}`)
  })
  try {
    const { size } = await handle.stat()
    if (size < position) throw gone(`"${path}" has ${size} bytes, and ${position} were read`)
    for (let length = readBytes; ; length *= 2) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
      const lines = wholeLines(buffer.subarray(0, bytesRead), position)
      const end = lines.at(-1)?.end ?? position
      if (end === size) return { lines, atEnd: true }
      if (lines.length > 0) return { lines, atEnd: false }
      if (bytesRead < length) throw undecodable(`"${path}" ends in the middle of a line`)
    }
  } finally {
    await handle.close()
  }
}

function wholeLines(bytes: Buffer, position: number): readonly Line[] {
  const lines: Line[] = []
  for (let from = 0; ; ) {
    const end = bytes.indexOf('\n', from)
    if (end < 0) return lines
    lines.push({ text: bytes.toString('utf8', from, end), end: position + end + 1 })
    from = end + 1
  }
}

function undecodable(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_RECORD_UNDECODABLE', message, {
    hint: 'Each line must be JSON, and end with a line break: mend the file.',
  })
}

function gone(message: string): FlinktsError {
  return new FlinktsError('FLINKTS_FILE_CHANGED', message, {
    hint: 'Put the file back as it was, or start afresh without the checkpoint.',
  })
}
