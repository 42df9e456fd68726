import process from 'node:process'
import {
  consoleLogger,
  FlinktsError,
  type JobDefinition,
  type JobFinding,
  type JobHandle,
  type Logger,
  runJob,
} from '@flinkts/core'
import { checkpointDirectory } from './checkpoint-directory.ts'
import type { RunFlags } from './command-line.ts'
import type { ExitCode } from './exit-code.ts'
import { findingsText } from './findings-text.ts'
import { LiveTerminal } from './live-terminal.ts'
import { loadJob, moduleUrl } from './load-job.ts'
import { watchJob } from './watch-job.ts'
import { SignalTrap } from './signal-trap.ts'

/** Where a run shows what it does. */
interface Display {
  readonly terminal: LiveTerminal
  readonly logger: Logger
  /** For programs, as JSON lines. */
  readonly json: boolean
}

const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const

/** How long a job that is ended at once may take to close its connections. */
const cancelTimeoutMs = 2000

/**
 * Runs the job of a file to its end, or until a signal.
 *
 * @throws FlinktsError what made the job fail, or not start
 * @internal
 */
export async function runCommand(file: string, flags: RunFlags): Promise<ExitCode> {
  const signals = new SignalTrap()
  const display = createDisplay(flags)
  const started = await Promise.race([startJob(file, flags, display), signals.force])
  // Asked to end at once while nothing ran.
  if (typeof started === 'string') return signalExitCodes[started]
  const { job, handle } = started
  void signals.stop.then((signal) => {
    display.logger.info('stopping after a checkpoint; a second signal ends at once', { signal })
    handle.stop()
  })
  const watch = watchJob(job.name, handle, display)
  try {
    const outcome = await Promise.race([handle.ended, cancelled(handle, signals)])
    watch.end()
    display.logger.info(`job ${outcome}`, watch.totals())
    return outcome === 'cancelled' ? signalExitCodes[await signals.force] : 0
  } finally {
    watch.end()
  }
}

function createDisplay({ json: asked, logLevel }: RunFlags): Display {
  const json = asked ?? !process.stderr.isTTY
  const terminal = new LiveTerminal(process.stderr)
  const logger = consoleLogger({
    level: logLevel,
    format: json ? 'json' : 'pretty',
    write: (line) => terminal.write(line),
  })
  return { terminal, logger, json }
}

async function startJob(
  file: string,
  flags: RunFlags,
  display: Display,
): Promise<{ readonly job: JobDefinition; readonly handle: JobHandle }> {
  const job = await loadJob(file)
  const { parallelism, threads, threadHeapMib, from, fresh = false } = flags
  const directory = checkpointDirectory(file, flags.checkpointDir)
  display.logger.info('job starting', { job: job.name, checkpointDirectory: directory })
  let errorCount = 0
  try {
    const handle = await runJob(job, {
      checkpointDirectory: directory,
      logger: display.logger,
      fresh,
      module: moduleUrl(file),
      ...(parallelism === undefined ? {} : { parallelism }),
      ...(threads === undefined ? {} : { threads }),
      ...(threadHeapMib === undefined ? {} : { threadHeapMibMax: threadHeapMib }),
      ...(from === undefined ? {} : { from }),
      onFindings: (findings) => {
        errorCount = findings.filter(({ severity }) => severity === 'error').length
        showFindings(findings, display)
      },
    })
    return { job, handle }
  } catch (thrown) {
    // The findings have been shown one by one.
    throw errorCount === 0 ? thrown : refused(job.name, errorCount)
  }
}

function showFindings(findings: readonly JobFinding[], { terminal, logger, json }: Display): void {
  if (!json) {
    terminal.write(findingsText(findings))
    return
  }
  for (const { severity, operatorId, code, message, hint } of findings) {
    const fields = { operator: operatorId, finding: code, hint }
    if (severity === 'error') logger.error(message, fields)
    else logger.warn(message, fields)
  }
}

function refused(jobName: string, errorCount: number): FlinktsError {
  const errors = errorCount === 1 ? '1 error' : `${errorCount} errors`
  return new FlinktsError(
    'FLINKTS_PREFLIGHT_FAILED',
    `job "${jobName}" cannot start: its checks found ${errors}`,
    { hint: 'They are listed above, each with its fix.' },
  )
}

/** Ends the job at once when it is asked for; not in order if that takes too long. */
async function cancelled(handle: JobHandle, signals: SignalTrap): Promise<'cancelled'> {
  await signals.force
  handle.cancel()
  await new Promise((resolve) => setTimeout(resolve, cancelTimeoutMs))
  return 'cancelled'
}
