import type { JsonValue } from '../driver/connector-driver.ts'
import type { WorkloadSize } from '../records/kit-record.ts'

/** Where a process kills itself. @internal */
export interface Kill {
  /** A moment: `K1` to `K12` (K10 is K8, after the first of two), `S1` to `S9`. */
  readonly point: string
  /** Which time that the process comes there, from 1. */
  readonly nth: number
}

/** What a process of the kit is told to do; its one argument, as JSON. @internal */
export interface ProcessPlan {
  /** The URL of the driver's module. */
  readonly module: string
  readonly target: JsonValue
  readonly checkpointDirectory: string
  readonly parallelism: number
  /** Absent: it runs to its end. */
  readonly kill?: Kill
}

/** For the job of a sink. @internal */
export interface SinkPlan extends ProcessPlan {
  readonly seed: number
  readonly size: WorkloadSize
}

/** For the job of a source. @internal */
export interface SourcePlan extends ProcessPlan {
  /** Where its records go: see `OutputDirectory`. */
  readonly outputDirectory: string
  /** How many records there are in all: an unbounded job ends when they are visible. */
  readonly recordCount: number
  /** Records from this place in their split on were written after the first start. */
  readonly streamFromSeq: number
  /** How long an unbounded job goes on when everything is visible, in milliseconds. */
  readonly quietMs: number
}

/** For the job of a source whose sink takes no more after some records. */
export interface StalledPlan extends ProcessPlan {
  readonly takenMax: number
}

/** What such a process says of itself, now and then. @internal */
export interface MemoryLine {
  /** That are in memory, of the whole process. */
  readonly residentBytes: number
  /** Records that the sink has taken. */
  readonly takenCount: number
  /** Whether a record waits that the sink does not take. */
  readonly stalled: boolean
}

const memoryPrefix = 'memory: '

/** The line. @internal */
export function memoryMarker(line: MemoryLine): string {
  return `${memoryPrefix}${JSON.stringify(line)}`
}

/** What a line says that `memoryMarker` made. @internal */
export function memoryIn(line: string): MemoryLine | undefined {
  if (!line.startsWith(memoryPrefix)) return undefined
  return JSON.parse(line.slice(memoryPrefix.length)) as MemoryLine
}

/** What the process of a source prints when so many records are visible. @internal */
export function visibleMarker(count: number): string {
  return `visible records: ${count}`
}

/** The count in a line that `visibleMarker` made. @internal */
export function visibleCountIn(line: string): number | undefined {
  const prefix = visibleMarker(0).slice(0, -1)
  return line.startsWith(prefix) ? Number(line.slice(prefix.length)) : undefined
}

/** What a process prints when its job has ended. @internal */
export const finishedMarker = 'the job has finished'

/** What a process prints before it dies. @internal */
export function killMarker({ point, nth }: Kill): string {
  return `killed at ${point}, time ${nth}`
}
