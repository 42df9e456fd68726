/** The jobs that both sides run. */
export const loadNames = ['map', 'tumble', 'hot', 'keys'] as const

export type LoadName = (typeof loadNames)[number]

/** What a job runs over, and how; plain data, as every thread of a job reads it anew. */
export interface Load {
  readonly job: LoadName
  /** Of jobs with uniform keys. */
  readonly keyCount: number
  /** Of every operator, sources too. */
  readonly parallelism: number
  /** Undefined: only the last checkpoint of the job. */
  readonly checkpointIntervalMs: number | undefined
  /** Events of each subtask of the source; undefined: until `meter` says so, or for ever. */
  readonly events: number | undefined
  readonly meter: MeterSettings | undefined
  /**
   * Behind each bid that is newer than all before it comes a watermark, so that results do not
   * depend on the clock; else watermarks come every 200 ms, as in the peer.
   */
  readonly repeatable: boolean
}

/** How long a source runs; in seconds of processor time of the whole process. */
export interface MeterSettings {
  readonly warmUp: number
  /** Records that belong to the warm-up at least. */
  readonly warmUpRecords: number
  readonly window: number
  readonly windowCount: number
}

/** The load that a process was started with: the first argument, in JSON. */
export function parseLoad(args: readonly string[]): Load {
  return JSON.parse(args[0] ?? '') as Load
}
