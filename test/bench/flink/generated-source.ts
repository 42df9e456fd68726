import type {
  InputStatus,
  Source,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitEnumeratorContext,
} from '@flinkts/core/connector'
import type { MeterSettings } from './load.ts'
import type { RecordGenerator } from './record-generator.ts'
import { RunMeter, type Window } from './run-meter.ts'

/** What a source emits, and for how long. */
export interface GeneratedSourceOptions<T, Position> {
  /** `position` undefined: from the beginning. */
  create(
    subtask: { readonly subtask: number; readonly subtaskCount: number },
    position: Position | undefined,
  ): RecordGenerator<T, Position>
  /** Undefined: until the generators end. */
  readonly meter: MeterSettings | undefined
}

/** What a reader tells by its gauges. */
export const sourceGauges = {
  /** Events made by the generator. */
  events: 'events',
  /** See `RunMeter.pauseMs`. */
  pauseMs: 'pauseMs',
  windowRate: (index: number): string => `window${index}RecordsPerSecond`,
  windowCpuRate: (index: number): string => `window${index}RecordsPerCpuSecond`,
} as const

/** What is left for one subtask. */
interface GeneratedSplit<Position> {
  readonly splitId: string
  readonly position: Position | undefined
}

/** The records of a generator in every subtask, as fast as they are taken; replayable. */
export function generatedSource<T, Position>(
  options: GeneratedSourceOptions<T, Position>,
): Source<T, GeneratedSplit<Position>, readonly number[], true> {
  return {
    description: 'generated bids',
    boundedness: 'bounded',
    replayable: true,
    mechanism: 'computed from the position',
    splitSerializer: jsonSerializer<GeneratedSplit<Position>>(),
    enumeratorStateSerializer: jsonSerializer<readonly number[]>(),
    createEnumerator: (context, restored) => new OneSplitEach<Position>(context, restored ?? []),
    createReader: (context) => new GeneratedReader(context, options),
  }
}

function jsonSerializer<T>(): {
  version: number
  serialize: (value: T) => Uint8Array
  deserialize: (version: number, bytes: Uint8Array) => T
} {
  return {
    version: 1,
    serialize: (value) => Buffer.from(JSON.stringify(value)),
    deserialize: (_version, bytes) => JSON.parse(Buffer.from(bytes).toString()) as T,
  }
}

class OneSplitEach<Position>
  implements SplitEnumerator<GeneratedSplit<Position>, readonly number[]>
{
  readonly #context: SplitEnumeratorContext<GeneratedSplit<Position>>
  readonly #assigned: Set<number>

  constructor(
    context: SplitEnumeratorContext<GeneratedSplit<Position>>,
    assigned: readonly number[],
  ) {
    this.#context = context
    this.#assigned = new Set(assigned)
  }

  start(): Promise<void> {
    return Promise.resolve()
  }

  addReader(): void {}

  handleSplitRequest(subtask: number): void {
    if (!this.#assigned.has(subtask)) {
      this.#assigned.add(subtask)
      this.#context.assignSplit({ splitId: String(subtask), position: undefined }, subtask)
    }
    this.#context.signalNoMoreSplits(subtask)
  }

  snapshotState(): readonly number[] {
    return [...this.#assigned]
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

class GeneratedReader<T, Position> implements SourceReader<T, GeneratedSplit<Position>> {
  readonly #context: SourceReaderContext
  readonly #options: GeneratedSourceOptions<T, Position>
  readonly #meter: RunMeter | undefined
  #splitId = ''
  /** Until it has ended. */
  #generator: RecordGenerator<T, Position> | undefined
  #eventCount = 0
  #records = 0
  #noMoreSplits = false
  #available = Promise.withResolvers<void>()

  constructor(context: SourceReaderContext, options: GeneratedSourceOptions<T, Position>) {
    this.#context = context
    this.#options = options
    const { meter: settings } = options
    if (settings !== undefined) {
      this.#meter = new RunMeter(settings, { wall: () => performance.now(), cpu: processCpuMs })
    }
    this.#registerGauges()
  }

  start(): void {
    this.#context.requestSplit()
  }

  pollNext(output: SourceOutput<T>): InputStatus {
    const generator = this.#generator
    if (generator === undefined) return this.#noMoreSplits ? 'end-of-input' : this.#nothing()
    const goesOn = this.#meter?.turnBegins(this.#records) ?? true
    if (!goesOn || !this.#emit(generator, output)) this.#end(generator)
    this.#meter?.turnEnds()
    return 'more-available'
  }

  available(): Promise<void> {
    return this.#available.promise
  }

  addSplits([split]: readonly GeneratedSplit<Position>[]): void {
    if (split === undefined) return
    const { subtask, parallelism: subtaskCount } = this.#context
    this.#splitId = split.splitId
    this.#generator = this.#options.create({ subtask, subtaskCount }, split.position)
    this.#available.resolve()
  }

  notifyNoMoreSplits(): void {
    this.#noMoreSplits = true
    this.#available.resolve()
  }

  snapshotState(): readonly GeneratedSplit<Position>[] {
    const generator = this.#generator
    return generator === undefined ? [] : [{ splitId: this.#splitId, position: generator.position }]
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** @returns whether there may be more. */
  #emit(generator: RecordGenerator<T, Position>, output: SourceOutput<T>): boolean {
    const split = output.forSplit(this.#splitId)
    for (;;) {
      const record = generator.next()
      if (record === undefined) return false
      this.#records += 1
      if (!split.collect(record)) return true
    }
  }

  #end(generator: RecordGenerator<T, Position>): void {
    this.#eventCount = generator.eventCount
    this.#generator = undefined
  }

  #nothing(): InputStatus {
    this.#available = Promise.withResolvers()
    return 'nothing-available'
  }

  #registerGauges(): void {
    const { metrics } = this.#context
    metrics.gauge(sourceGauges.events, () => this.#generator?.eventCount ?? this.#eventCount)
    metrics.gauge(sourceGauges.pauseMs, () => this.#meter?.pauseMs ?? 0)
    const { meter: settings } = this.#options
    for (let index = 0; index < (settings?.windowCount ?? 0); index += 1) {
      const window = (): Window | undefined => this.#meter?.windows[index]
      metrics.gauge(sourceGauges.windowRate(index), () => window()?.recordsPerSecond ?? 0)
      metrics.gauge(sourceGauges.windowCpuRate(index), () => window()?.recordsPerCpuSecond ?? 0)
    }
  }
}

/** Of all threads. */
function processCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
