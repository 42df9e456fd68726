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

/** What a process prints when its job has ended. @internal */
export const finishedMarker = 'the job has finished'

/** What a process prints before it dies. @internal */
export function killMarker({ point, nth }: Kill): string {
  return `killed at ${point}, time ${nth}`
}
