import type { Progress } from './progress.ts'

/**
 * The line that shows how a job is doing, at most `columns` characters long.
 *
 * @internal
 */
export function statusLine(jobName: string, progress: Progress, columns: number): string {
  const { status, restarts, recordsInPerSecond, recordsOutPerSecond, lags } = progress
  const parts = [
    `${jobName} ${status}`,
    `in ${rounded(recordsInPerSecond)}/s`,
    `out ${rounded(recordsOutPerSecond)}/s`,
    ...lags.map(({ name, value }) => `lag ${quantity(name.slice('lag'.length), value)}`),
    checkpointPart(progress.checkpoint),
    `restarts ${restarts}`,
  ]
  const line = parts.join(' | ')
  return line.length <= columns ? line : `${line.slice(0, Math.max(0, columns - 1))}…`
}

function checkpointPart(checkpoint: Progress['checkpoint']): string {
  if (checkpoint === undefined) return 'no checkpoint yet'
  const { checkpointId, ageMs, durationMs } = checkpoint
  const name = `chk-${String(checkpointId).padStart(6, '0')}`
  return `${name} ${duration(ageMs)} ago, took ${Math.round(durationMs)} ms`
}

/** The fields of the log line that takes the place of the status line. @internal */
export function progressFields(progress: Progress): Readonly<Record<string, unknown>> {
  const { status, restarts, recordsIn, recordsOut, lags, checkpoint } = progress
  return {
    status,
    recordsIn,
    recordsOut,
    recordsInPerSecond: Math.round(progress.recordsInPerSecond),
    recordsOutPerSecond: Math.round(progress.recordsOutPerSecond),
    ...Object.fromEntries(lags.map(({ name, value }) => [name, value])),
    ...(checkpoint && {
      checkpointId: checkpoint.checkpointId,
      checkpointAgeMs: Math.round(checkpoint.ageMs),
      checkpointMs: Math.round(checkpoint.durationMs),
    }),
    restarts,
  }
}

/** `unit` is the end of a metric's name. */
function quantity(unit: string, value: number): string {
  if (unit === 'Bytes') return byteCount(value)
  if (unit === 'Ms') return duration(value)
  return `${rounded(value)} ${unit.toLowerCase()}`
}

const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

function byteCount(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < byteUnits.length - 1; unit += 1) value /= 1024
  return `${unit === 0 ? rounded(value) : value.toFixed(1)} ${byteUnits[unit] ?? 'B'}`
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function rounded(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
