import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import type { ProcessIdentity, ProcessProbe, ProcessStatus } from '../checkpoint/process-probe.ts'
import { systemCodeOf } from '../common/errors.ts'

/** One for the process: what starts a job again in it must be known as the same holder. */
const nonce = randomUUID()

/**
 * Looks at processes through /proc on Linux, where a pid with the start time names one process for
 * ever; elsewhere by signal 0, which tells only whether some process has the pid.
 *
 * @internal
 */
export class NodeProcessProbe implements ProcessProbe {
  readonly self: ProcessIdentity

  constructor() {
    const processStart = readProcess(process.pid)?.processStart
    this.self = {
      host: hostname(),
      pidSpace: pidSpace(),
      pid: process.pid,
      ...(processStart === undefined ? {} : { processStart }),
      nonce,
    }
  }

  find(pid: number): Promise<ProcessStatus> {
    return Promise.resolve(this.#find(pid))
  }

  #find(pid: number): ProcessStatus {
    if (!answersSignal(pid)) return { status: 'gone' }
    const found = readProcess(pid)
    if (found === undefined) return { status: 'running' }
    // Killed, and not yet collected by its parent: it runs no more.
    if (found.state === 'Z' || found.state === 'X') return { status: 'gone' }
    return { status: 'running', processStart: found.processStart }
  }
}

function answersSignal(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // EPERM: it is there, and belongs to somebody else.
    return systemCodeOf(error) !== 'ESRCH'
  }
}

interface ProcessEntry {
  readonly state: string
  readonly processStart: string
}

/**
 * From /proc/<pid>/stat (proc_pid_stat(5)): field 3 is the state, field 22 the start in clock
 * ticks.
 */
function readProcess(pid: number): ProcessEntry | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (stat === undefined) return undefined
  // Field 2, the name, is in parentheses and may contain both parentheses and spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, processStart] = [fields[0], fields[19]]
  return state === undefined || processStart === undefined ? undefined : { state, processStart }
}

/** Two containers of one machine may both have a pid 1: the namespace tells them apart. */
function pidSpace(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())
  const namespace = attempt(() => readlinkSync('/proc/self/ns/pid'))
  if (boot === undefined || namespace === undefined) return hostname()
  return `${boot} ${namespace}`
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
