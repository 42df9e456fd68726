import process from 'node:process'
import { type CommandHandlers, runCommandLine } from './command-line.ts'
import { ErrorReporter } from './error-reporter.ts'
import { type ExitCode, exitCodeOf } from './exit-code.ts'
import { ProcessGuard } from './process-guard.ts'

/**
 * The whole command: never rejects, and prints what went wrong. The process may end when it
 * resolves, and with its exit code only.
 *
 * @param argv - What comes after `flinkts`.
 * @internal
 */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const reporter = new ErrorReporter()
  const guard = new ProcessGuard(reporter)
  let exitCode: ExitCode
  try {
    exitCode = await Promise.race([runCommandLine(argv, handlers(reporter)), guard.failure])
  } catch (thrown) {
    reporter.report(thrown)
    exitCode = exitCodeOf(thrown)
  }
  guard.release()
  return exitCode
}

/** Each command is loaded when it is asked for: help needs no engine. */
function handlers(reporter: ErrorReporter): CommandHandlers {
  return {
    version: async () => (await import('./version.ts')).readVersion(),
    run: async (file, flags) => {
      reporter.configure({ ...flags, json: flags.json ?? !process.stderr.isTTY })
      const { runCommand } = await import('./run-command.ts')
      return runCommand(file, flags)
    },
    explain: async (file, flags) => {
      reporter.configure(flags)
      const { explainCommand } = await import('./explain-command.ts')
      return explainCommand(file, flags)
    },
    check: async (file, flags) => {
      reporter.configure(flags)
      const { checkCommand } = await import('./check-command.ts')
      return checkCommand(file, flags)
    },
    prove: async (file, flags) => {
      reporter.configure(flags)
      const { proveCommand } = await import('./prove/prove-command.ts')
      return proveCommand(file, flags)
    },
  }
}
