import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type ExitCode, exitCodes } from './exit-code.ts'
import { crashPoints, parsePoints, type PointChoice } from './prove/crash-points.ts'

/** What every command can be told. @internal */
export interface CommonFlags {
  readonly parallelism?: number
  readonly verbose?: boolean
}

/** @internal */
export interface CheckFlags extends CommonFlags {
  readonly json?: boolean
}

/** @internal */
export interface ExplainFlags extends CommonFlags {
  readonly threads?: number
  /** Default: `.flinkts` beside the job file. */
  readonly checkpointDir?: string
  readonly json?: boolean
}

/** @internal */
export interface RunFlags extends CommonFlags {
  readonly threads?: number
  /** Of each thread. */
  readonly threadHeapMib?: number
  /** Default: `.flinkts` beside the job file. */
  readonly checkpointDir?: string
  readonly from?: number
  readonly fresh?: boolean
  /** Default: unless standard error is a terminal. */
  readonly json?: boolean
  readonly logLevel: (typeof logLevels)[number]
}

/** @internal */
export interface ProveFlags extends CommonFlags {
  /** Absent: all that apply. */
  readonly points?: readonly PointChoice[]
  /** How often each point is tried. */
  readonly kills: number
  readonly seed: number
  readonly keep?: boolean
  /** How long a process may run, in seconds. */
  readonly timeout: number
}

/** What the commands do; each gives the exit code of the process. @internal */
export interface CommandHandlers {
  version(): Promise<string>
  run(file: string, flags: RunFlags): Promise<ExitCode>
  explain(file: string, flags: ExplainFlags): Promise<ExitCode>
  check(file: string, flags: CheckFlags): Promise<ExitCode>
  prove(file: string, flags: ProveFlags): Promise<ExitCode>
}

/** Where help goes; default: the streams of the process. @internal */
export interface HelpOutput {
  writeOut(text: string): void
  writeErr(text: string): void
}

const logLevels = ['debug', 'info', 'warn', 'error'] as const

/**
 * Reads the arguments and calls one handler.
 *
 * @throws FlinktsError FLINKTS_ARGUMENT_INVALID, and what the handler throws
 * @internal
 */
export async function runCommandLine(
  argv: readonly string[],
  handlers: CommandHandlers,
  output: Partial<HelpOutput> = {},
): Promise<ExitCode> {
  let exitCode: ExitCode = 0
  const program = createProgram({
    output,
    version: argv.some((argument) => versionFlags.includes(argument))
      ? await handlers.version()
      : '',
    run: async (file, flags) => {
      exitCode = await handlers.run(file, flags)
    },
    explain: async (file, flags) => {
      exitCode = await handlers.explain(file, flags)
    },
    check: async (file, flags) => {
      exitCode = await handlers.check(file, flags)
    },
    prove: async (file, flags) => {
      exitCode = await handlers.prove(file, flags)
    },
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return exitCode
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown
    if (thrown.exitCode === 0) return 0
    // Without a command there is help, on standard error.
    if (thrown.code === 'commander.help') return 2
    const { argumentError } = await import('./argument-error.ts')
    throw argumentError(thrown.message)
  }
}

const versionFlags: readonly string[] = ['-V', '--version']

interface Program {
  readonly output: Partial<HelpOutput>
  readonly version: string
  readonly run: (file: string, flags: RunFlags) => Promise<void>
  readonly explain: (file: string, flags: ExplainFlags) => Promise<void>
  readonly check: (file: string, flags: CheckFlags) => Promise<void>
  readonly prove: (file: string, flags: ProveFlags) => Promise<void>
}

function createProgram({ output, version, run, explain, check, prove }: Program): Command {
  const program = new Command('flinkts')
    .description('Runs and inspects jobs: stream integration, exactly once end to end.')
    .version(version)
    .exitOverride()
    // An error is thrown, and printed by who catches it.
    .configureOutput({ ...output, outputError: () => {} })
    .addHelpText('after', exitCodesHelp)
  program
    .command('run')
    .description('Run a job. It goes on from its newest checkpoint, if there is one.')
    .argument('<file>', 'the job file; its default export is what defineJob gives')
    .addOption(checkpointDirOption())
    .addOption(parallelismOption())
    .addOption(threadsOption())
    .addOption(threadHeapOption())
    .addOption(fromOption())
    .option('--fresh', 'begin without state, as a new lineage; older output is not touched')
    .option('--json', 'log as JSON lines (default: unless standard error is a terminal)')
    .option('--no-json', 'log for people')
    .addOption(logLevelOption())
    .addOption(verboseOption())
    .addHelpText('after', signalsHelp + exitCodesHelp)
    .action(run)
  program
    .command('explain')
    .description('Show how a job would run: its plan, its guarantees, and where its state lives.')
    .argument('<file>', 'the job file')
    .addOption(checkpointDirOption())
    .addOption(parallelismOption())
    .addOption(threadsOption())
    .option('--json', 'print JSON')
    .addOption(verboseOption())
    .action(explain)
  program
    .command('check')
    .description('Check what would fail later, in every source and sink, and change nothing.')
    .argument('<file>', 'the job file')
    .addOption(parallelismOption())
    .option('--json', 'print JSON')
    .addOption(verboseOption())
    .addHelpText('after', exitCodesHelp)
    .action(check)
  program
    .command('prove')
    .description('Kill a job at each crash point, on scratch copies of its targets, and compare.')
    .argument('<file>', 'the job file')
    .addOption(pointsOption())
    .addOption(killsOption())
    .addOption(seedOption())
    .addOption(parallelismOption())
    .addOption(timeoutOption())
    .option('--keep', 'keep the scratch copies and checkpoints of crashes, and say where they are')
    .addOption(verboseOption())
    .addHelpText('after', pointsHelp + exitCodesHelp)
    .action(prove)
  return program
}

const exitCodesHelp = `
Exit codes:
${exitCodes.map(({ code, meaning }) => `  ${String(code).padEnd(3)}  ${meaning}`).join('\n')}`

const signalsHelp = `
Signals:
  SIGINT or SIGTERM stops the job after a checkpoint; a second one ends it at once. Either way,
  and after any crash, the next run goes on without loss or repetition.
`

const pointsHelp = `
Crash points:
${crashPoints.map(({ name, when }) => `  ${name.padEnd(3)}  ${when}`).join('\n')}

The real targets are not touched. K points are tried at every sink, S points at every source.
`

function checkpointDirOption(): Option {
  const description =
    'where checkpoints are kept, a directory for each job (default: .flinkts beside the job file)'
  return new Option('--checkpoint-dir <path>', description)
}

function parallelismOption(): Option {
  const description = 'subtasks of every operator that does not say otherwise'
  return new Option('--parallelism <count>', description).argParser(parseCount)
}

function threadsOption(): Option {
  const description = 'worker threads that run the subtasks (default: that of the job, else 0)'
  return new Option('--threads <count>', description).argParser(parseThreads)
}

function threadHeapOption(): Option {
  const description = 'what the heap of each thread may grow to (default: a share of the memory)'
  return new Option('--thread-heap-mib <mebibytes>', description).argParser(parseThreadHeap)
}

function fromOption(): Option {
  const description = 'restore this checkpoint (chk-000042, or 42); newer ones are set aside'
  return new Option('--from <checkpoint>', description)
    .argParser(parseCheckpointId)
    .conflicts('fresh')
}

function logLevelOption(): Option {
  return new Option('--log-level <level>', 'drop less important lines')
    .choices(logLevels)
    .default('info')
}

function pointsOption(): Option {
  const description = 'K4,S2: only these; K4@files: of one operator; K4@files#3: its third time'
  return new Option('--points <list>', description).argParser((text) => {
    const points = parsePoints(text)
    if (points !== undefined) return points
    throw new InvalidArgumentError('Points are K1 to K12 and S1 to S8, as in K4,S2 or K4@files#3.')
  })
}

function killsOption(): Option {
  return countOption('--kills <count>', 'how often each point is tried', 1)
}

function seedOption(): Option {
  return countOption('--seed <number>', 'picks the times at which the job is killed', 1)
}

function timeoutOption(): Option {
  return countOption('--timeout <seconds>', 'how long each process may run', 60)
}

function countOption(flags: string, description: string, byDefault: number): Option {
  return new Option(flags, description).argParser(parseCount).default(byDefault)
}

function verboseOption(): Option {
  return new Option('--verbose', 'print the stack of an error, too')
}

function parseCount(text: string): number {
  const count = wholeNumber(text)
  if (count !== undefined && count >= 1) return count
  throw new InvalidArgumentError('Use a whole number from 1.')
}

function parseThreads(text: string): number {
  const count = wholeNumber(text)
  if (count !== undefined && count <= threadsMax) return count
  throw new InvalidArgumentError(`Use a whole number from 0 to ${threadsMax}.`)
}

const threadsMax = 256

function parseThreadHeap(text: string): number {
  const mebibytes = wholeNumber(text)
  if (mebibytes !== undefined && mebibytes >= threadHeapMibMin) return mebibytes
  throw new InvalidArgumentError(`Use a whole number from ${threadHeapMibMin}.`)
}

const threadHeapMibMin = 32

function parseCheckpointId(text: string): number {
  const id = wholeNumber(text.replace(/^chk-/, ''))
  if (id !== undefined && id >= 1) return id
  throw new InvalidArgumentError('Name it like its directory, chk-000042, or by its number, 42.')
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
