import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'

/** Where figures were measured: without it they say nothing. */
export interface Machine {
  readonly node: string
  readonly system: string
  readonly processor: string
  readonly cores: number
  readonly memoryMib: number
}

export function describeMachine(): Machine {
  return {
    node: process.version,
    system: `${type()} ${release()}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMib: Math.round(totalmem() / 2 ** 20),
  }
}

/** The load average of the last minute: what else the machine was doing, ourselves included. */
export function loadAverage(): number {
  return Number((loadavg()[0] ?? 0).toFixed(2))
}
