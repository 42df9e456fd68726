import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What people are told of something that was thrown. @internal */
export interface ErrorReport {
  readonly code: string
  readonly message: string
  readonly hint: string | undefined
  /** What led to it, outermost first; one line each. */
  readonly causes: readonly string[]
  /** The lines of the job where the parser stopped, with a mark below. */
  readonly excerpt: string | undefined
  readonly stack: string | undefined
}

/** Causes of causes that are shown. */
const causesMax = 8

/**
 * What to tell of `thrown`. Whatever is not of flinkts is a defect of it by now, and asks to be
 * reported.
 *
 * @param options.directory - Paths below it are shown relative to it.
 * @internal
 */
export function reportOf(
  thrown: unknown,
  options: { readonly verbose: boolean; readonly directory: string },
): ErrorReport {
  const { verbose, directory } = options
  const chain = causesOf(thrown)
  const causes = chain.map((cause) => causeLine(cause, directory))
  const excerpt = chain.map(excerptOf).find((lines) => lines !== undefined)
  if (isCoded(thrown)) {
    const { code, message, hint } = thrown
    return { code, message, hint, causes, excerpt, stack: verbose ? stacksOf(thrown) : undefined }
  }
  return {
    code: 'FLINKTS_ASSERTION_FAILED',
    message: `unexpected ${nameOf(thrown)}: ${textOf(thrown)}`,
    hint: 'This is a defect of flinkts. Please report it with the stack trace.',
    causes,
    excerpt,
    stack: stacksOf(thrown),
  }
}

/** The report for people: several lines, the last one ended. @internal */
export function renderReport(report: ErrorReport): string {
  const { code, message, hint, causes, excerpt, stack } = report
  const lines = [`${code}: ${message}`]
  if (excerpt !== undefined) lines.push(...excerpt.split('\n').map((line) => `    ${line}`))
  if (hint !== undefined) lines.push(`  Hint: ${hint}`)
  for (const cause of causes) lines.push(`  Cause: ${cause}`)
  if (stack !== undefined) lines.push(...stack.split('\n').map((line) => `  ${line}`))
  return `${lines.join('\n')}\n`
}

interface Coded extends Error {
  readonly code: string
  readonly hint: string | undefined
}

/** By its form: the job may have a copy of flinkts of its own. */
function isCoded(thrown: unknown): thrown is Coded {
  return (
    thrown instanceof Error &&
    thrown.name === 'FlinktsError' &&
    'code' in thrown &&
    typeof thrown.code === 'string'
  )
}

/** Also what is in an `AggregateError`, which often says nothing itself. */
function causesOf(thrown: unknown): readonly unknown[] {
  const found: unknown[] = []
  const add = (parent: unknown): void => {
    if (!(parent instanceof Error) || found.length >= causesMax) return
    const children = [
      ...(parent.cause === undefined ? [] : [parent.cause]),
      ...(parent instanceof AggregateError ? (parent.errors as readonly unknown[]) : []),
    ]
    for (const child of children) {
      if (found.includes(child) || found.length >= causesMax) continue
      found.push(child)
      add(child)
    }
  }
  add(thrown)
  return found
}

function causeLine(cause: unknown, directory: string): string {
  const place = placeOf(cause, directory)
  return `${nameOf(cause)}: ${textOf(cause)}${place === undefined ? '' : ` (at ${place})`}`
}

function nameOf(thrown: unknown): string {
  if (isCoded(thrown)) return thrown.code
  return thrown instanceof Error ? thrown.name : typeof thrown
}

function textOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  const code = 'code' in thrown ? String(thrown.code) : 'no message'
  return oneLine(thrown.message === '' ? code : thrown.message)
}

function oneLine(text: string): string {
  return text.split(/\s*\n\s*/).join(' ')
}

/** Where an error that is not ours was thrown: the first place outside of Node. */
function placeOf(thrown: unknown, directory: string): string | undefined {
  if (!(thrown instanceof Error) || isCoded(thrown)) return undefined
  const parsed = excerptForm.exec(thrown.stack ?? '')
  if (parsed !== null) return shorten(`${parsed[1] ?? ''}:${parsed[2] ?? ''}`, directory)
  for (const line of (thrown.stack ?? '').split('\n')) {
    const place = /^ {4}at (?:.*\()?((?:file:\/\/|\/|[A-Z]:\\).*:\d+:\d+)\)?$/.exec(line)?.[1]
    if (place !== undefined) return shorten(place, directory)
  }
  return undefined
}

function shorten(place: string, directory: string): string {
  const [, file = '', position = ''] = /^(.*?)((?::\d+)+)$/.exec(place) ?? []
  const path = file.startsWith('file://') ? fileURLToPath(file) : file
  const below = relative(directory, path)
  return `${below.startsWith('..') || below === '' ? path : below}${position}`
}

/** How the stack of an error of the parser begins: the place, the line, a mark below it. */
const excerptForm = /^(.+?):(\d+)\n((?:.*\n)+?\s*\^+)[ \t]*\n/

function excerptOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof SyntaxError)) return undefined
  return excerptForm.exec(thrown.stack ?? '')?.[3]
}

function stacksOf(thrown: unknown): string {
  const stacks = [thrown, ...causesOf(thrown)].map((error) =>
    error instanceof Error ? (error.stack ?? String(error)) : String(error),
  )
  return stacks.join('\nCaused by: ')
}
