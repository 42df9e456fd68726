/** Reads what the baseline of Flink prints. */

/** One window of a run of the peer. */
export interface PeerWindow {
  readonly recordsPerSecond: number
  readonly recordsPerCpuSecond: number
  /** The most memory that the process has held until then. */
  readonly peakMib: number
}

const windowLine =
  /^RUN .*: (?<wall>[\d.]+) ev\/s wall +(?<cpu>[\d.]+) ev\/cpu-s .* RSSpeak=(?<peak>\d+) kB/
const recoveryLine = /^RECOVER .*: throw -> first record after restart (?<ms>[\d.]+) ms/
const firstRecordLine = /^cold start: .* first record out (?<ms>[\d.]+) ms/

export function parseWindows(output: string): readonly PeerWindow[] {
  return groupsOf(output, windowLine).map(({ wall, cpu, peak }) => ({
    recordsPerSecond: Number(wall),
    recordsPerCpuSecond: Number(cpu),
    peakMib: Number(peak) / 1024,
  }))
}

/** Milliseconds, one for each failure. */
export function parseRecoveries(output: string): readonly number[] {
  return groupsOf(output, recoveryLine).map(({ ms }) => Number(ms))
}

/** Milliseconds, one for each start. */
export function parseFirstRecords(output: string): readonly number[] {
  return groupsOf(output, firstRecordLine).map(({ ms }) => Number(ms))
}

function groupsOf(
  output: string,
  pattern: RegExp,
): readonly Readonly<Record<string, string | undefined>>[] {
  return output.split('\n').flatMap((line) => {
    const groups = pattern.exec(line)?.groups
    return groups === undefined ? [] : [groups]
  })
}
