import process from 'node:process'
import { type ErrorReport, renderReport, reportOf } from './error-report.ts'

/** How errors are printed. @internal */
export interface ReportStyle {
  /** One JSON object a line, like the log; else several lines for people. */
  readonly json: boolean
  /** With the stack. */
  readonly verbose: boolean
}

/** Prints what went wrong to standard error. @internal */
export class ErrorReporter {
  readonly #write: (text: string) => void
  #style: ReportStyle = { json: false, verbose: false }

  /** `write`: takes lines that end in a newline. */
  constructor(
    write: (text: string) => void = (text) => {
      process.stderr.write(text)
    },
  ) {
    this.#write = write
  }

  /** The style from now on, known once the arguments are. */
  configure({ json = false, verbose = false }: Partial<ReportStyle>): void {
    this.#style = { json, verbose }
  }

  report(thrown: unknown): void {
    const { json, verbose } = this.#style
    const report = reportOf(thrown, { verbose, directory: process.cwd() })
    this.#write(json ? jsonLine('error', report) : renderReport(report))
  }

  /** A warning of Node, or of a library. */
  warn({ name, message }: Error): void {
    this.#write(
      this.#style.json ? jsonLine('warn', { name, message }) : `Warning: ${name}: ${message}\n`,
    )
  }
}

/** In the form of a log line. */
function jsonLine(level: 'warn' | 'error', told: Partial<ErrorReport> & { name?: string }): string {
  const { message, ...fields } = told
  return `${JSON.stringify({ ...fields, time: new Date().toISOString(), level, message })}\n`
}
