import type { JsonValue } from '../driver/sink-driver.ts'
import type { WorkloadSize } from '../records/kit-record.ts'

/** Moments at which a process kills itself; K10 is K8, after the first of two. @internal */
export type KillPoint = 'K1' | 'K2' | 'K3' | 'K4' | 'K5' | 'K6' | 'K7' | 'K8' | 'K9' | 'K11' | 'K12'

/** @internal */
export interface Kill {
  readonly point: KillPoint
  /** Which time that the process comes there, from 1. */
  readonly nth: number
}

/** What a process of the kit is told to do; its one argument, as JSON. @internal */
export interface ProcessPlan {
  /** The URL of the driver's module. */
  readonly module: string
  readonly target: JsonValue
  readonly checkpointDirectory: string
  readonly seed: number
  readonly size: WorkloadSize
  readonly parallelism: number
  /** Absent: it runs to its end. */
  readonly kill?: Kill
}

/** What a process prints when its job has ended. @internal */
export const finishedMarker = 'the job has finished'

/** What a process prints before it dies. @internal */
export function killMarker({ point, nth }: Kill): string {
  return `killed at ${point}, time ${nth}`
}
