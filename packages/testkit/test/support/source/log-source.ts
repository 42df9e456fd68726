import { FlinktsError } from '@flinkts/core/connector'
import type {
  Cancellable,
  Serializer,
  Source,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'
import { LogReader, type LogSplit } from './log-reader.ts'
import type { LogRecord, LogUpstream } from './log-upstream.ts'

/** The splits that were found, in the order in which they were. */
export type Found = readonly string[]

const lookMs = 2

/** The smallest source of several splits that keeps every promise. */
export class LogSource implements Source<LogRecord, LogSplit, Found, true> {
  readonly description = 'the log of a test'
  readonly boundedness: 'bounded' | 'continuous-unbounded'
  readonly replayable = true
  readonly mechanism = 'the place of each split in the log'
  readonly splitSerializer: Serializer<LogSplit> = jsonSerializer<LogSplit>()
  readonly enumeratorStateSerializer: Serializer<Found> = jsonSerializer<Found>()
  protected readonly upstream: LogUpstream

  constructor(
    upstream: LogUpstream,
    boundedness: 'bounded' | 'continuous-unbounded' = 'continuous-unbounded',
  ) {
    this.upstream = upstream
    this.boundedness = boundedness
  }

  createEnumerator(
    context: SplitEnumeratorContext<LogSplit>,
    restored: Found | undefined,
  ): LogEnumerator {
    return new LogEnumerator(this.upstream, context, { restored, boundedness: this.boundedness })
  }

  createReader(context: SourceReaderContext): LogReader {
    return new LogReader(this.upstream, context)
  }
}

/** Looks for splits, once or again and again; a split goes to the subtask of its number. */
export class LogEnumerator implements SplitEnumerator<LogSplit, Found> {
  protected readonly context: SplitEnumeratorContext<LogSplit>
  readonly #upstream: LogUpstream
  readonly #bounded: boolean
  readonly #restored: boolean
  readonly #found: string[]
  #end: number | undefined
  #readers = 0
  #timer: Cancellable | undefined

  constructor(
    upstream: LogUpstream,
    context: SplitEnumeratorContext<LogSplit>,
    {
      restored,
      boundedness,
    }: {
      readonly restored: Found | undefined
      readonly boundedness: Source<unknown>['boundedness']
    },
  ) {
    this.context = context
    this.#upstream = upstream
    this.#bounded = boundedness === 'bounded'
    this.#restored = restored !== undefined
    this.#found = [...(restored ?? [])]
  }

  start(): Promise<void> {
    this.#end = this.#bounded ? this.endOfInput(this.#upstream.end) : undefined
    return Promise.resolve()
  }

  addReader(): void {
    this.#readers += 1
    if (this.#readers < this.context.parallelism) return
    if (this.#bounded && this.#restored) this.end()
    else this.look()
  }

  handleSplitRequest(): void {}

  snapshotState(): Found {
    return [...this.#found]
  }

  close(): Promise<void> {
    this.#timer?.cancel()
    return Promise.resolve()
  }

  endOfInput(end: number): number {
    return end
  }

  look(): void {
    this.find()
    if (this.#bounded) this.end()
    else this.#timer = this.context.scheduler.after(lookMs, () => this.look())
  }

  find(): void {
    for (const [place, { split }] of this.#upstream.entries().entries()) {
      const splitId = String(split)
      if (split === undefined || this.#found.includes(splitId)) continue
      this.#found.push(splitId)
      const subtask = split % this.context.parallelism
      this.context.assignSplit({ splitId, place, end: this.#end }, subtask)
    }
  }

  end(): void {
    for (let subtask = 0; subtask < this.context.parallelism; subtask += 1) {
      this.context.signalNoMoreSplits(subtask)
    }
  }
}

export function jsonSerializer<Value>(): Serializer<Value> {
  return {
    version: 1,
    serialize: (value) => new TextEncoder().encode(JSON.stringify(value)),
    deserialize(version, bytes) {
      if (version === 1) return JSON.parse(new TextDecoder().decode(bytes)) as Value
      throw new FlinktsError('FLINKTS_STATE_UNREADABLE', `version ${version} is unknown`)
    },
  }
}
