/** A line of `/proc/<pid>/stat`, as far as benches need it (proc_pid_stat(5)). */
export interface ProcessStat {
  readonly pid: number
  readonly session: number
  /** User and system time of the process, and of the children that it has waited for. */
  readonly cpuSeconds: number
}

/** What `getconf CLK_TCK` says on every Linux that Node runs on. */
const ticksPerSecond = 100

/** Counted from the field behind the name, which is field 2 and may hold anything but `)`. */
const field = { session: 3, ownTicks: 11, systemTicks: 12, childTicks: 13, childSystemTicks: 14 }

export function parseStat(line: string): ProcessStat {
  const fields = line
    .slice(line.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const at = (index: number): number => fields[index] ?? 0
  const ticks =
    at(field.ownTicks) + at(field.systemTicks) + at(field.childTicks) + at(field.childSystemTicks)
  return {
    pid: Number.parseInt(line, 10),
    session: at(field.session),
    cpuSeconds: ticks / ticksPerSecond,
  }
}
