import { FlinktsError, messageOf, systemCodeOf } from '@flinkts/core/connector'

/**
 * Explains why a job file could not be loaded. Errors of flinkts pass unchanged: they say it
 * themselves.
 *
 * @internal
 */
export function loadFailure(file: string, cause: unknown): Error {
  if (cause instanceof Error && cause.name === 'FlinktsError') return cause
  const { problem, hint } = explain(cause)
  return new FlinktsError(
    'FLINKTS_JOB_FILE_INVALID',
    `job file "${file}" ${problem}: ${firstLine(messageOf(cause))}`,
    { hint, cause },
  )
}

interface Explanation {
  readonly problem: string
  readonly hint: string
}

function explain(cause: unknown): Explanation {
  const code = systemCodeOf(cause)
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') return unsupported
  if (code === 'ERR_MODULE_NOT_FOUND') return missingModule(messageOf(cause))
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') return insideNodeModules
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return unknownExtension
  if (!(cause instanceof SyntaxError)) return thrown
  return /does not provide an export named/.test(cause.message) ? missingExport : syntax
}

const syntax: Explanation = {
  problem: 'has an error of syntax',
  hint: 'Correct the line that is shown.',
}

const unsupported: Explanation = {
  problem: 'uses syntax that is more than types',
  hint:
    'Node removes types and compiles nothing: write enums, namespaces and parameter properties ' +
    'as plain JavaScript. The option erasableSyntaxOnly of TypeScript finds them.',
}

const missingExport: Explanation = {
  problem: 'imports what is not exported',
  hint: 'Correct the name. A type needs "import type".',
}

const insideNodeModules: Explanation = {
  problem: 'is, or imports, TypeScript inside of node_modules',
  hint: 'Node runs TypeScript outside of node_modules only: move the file, or compile it.',
}

const unknownExtension: Explanation = {
  problem: 'has, or imports, a file of an unknown kind',
  hint: 'A job is written in .ts, .mts, .js or .mjs.',
}

const thrown: Explanation = {
  problem: 'threw while it was loaded',
  hint: 'Code outside of functions runs when the file is loaded; the cause says where it failed.',
}

function missingModule(message: string): Explanation {
  const problem = 'imports what does not exist'
  const name = /^Cannot find package '([^']+)'/.exec(message)?.[1]
  if (name !== undefined) return { problem, hint: `Install it: npm install ${name}.` }
  return { problem, hint: 'Correct the path; it needs its extension, as in "./orders.ts".' }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
