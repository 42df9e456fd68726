/** A text file of the workspace. */
export interface SourceFile {
  /** Relative to the root of the workspace, with `/`. */
  readonly path: string
  readonly text: string
}

/** Looks at all files and returns what breaks the rule, as `file:line: message`. */
export type Rule = (files: readonly SourceFile[]) => readonly string[]

/** An import or re-export of a module, static or dynamic. */
export interface ModuleReference {
  readonly specifier: string
  /** Counted from 1. */
  readonly line: number
}

/** Formats a violation; `line` counts from 1. */
export function violation(file: SourceFile, line: number, message: string): string {
  return `${file.path}:${line}: ${message}`
}

export function isCode(file: SourceFile): boolean {
  return /\.(ts|mjs|js)$/.test(file.path)
}

/** Unit, simulation, integration and end-to-end tests, without their helpers. */
export function isTest(file: SourceFile): boolean {
  return file.path.endsWith('.test.ts')
}

/** Everything under a `test` folder: tests and their helpers. */
export function isTestCode(file: SourceFile): boolean {
  return /(^|\/)test\//.test(file.path) && isCode(file)
}

/** The package a file belongs to, like `packages/core`; `undefined` for the workspace itself. */
export function packageFolder(file: SourceFile): string | undefined {
  return /^(?:packages|connectors|examples)\/[^/]+/.exec(file.path)?.[0]
}

/** The lines of a file; those that are comments are empty, so that prose breaks no rule. */
export function codeLines(file: SourceFile): readonly string[] {
  return file.text
    .split('\n')
    .map((line) => (/^\s*(\/\/|\/\*|\*)/.test(line) ? '' : line.replace(/ \/\/ .*$/, '')))
}

const moduleReference = new RegExp(
  [
    // import { a } from 'b', export * from 'b'; or the last line of one that spans several
    String.raw`^[ \t]*(?:(?:import|export)\b[^'"\n=(]*|\}[ \t]*)\bfrom[ \t]*['"](?<from>[^'"\n]+)`,
    // import 'b'
    String.raw`^[ \t]*import[ \t]*['"](?<effect>[^'"\n]+)`,
    // import('b'), as an expression or a type
    String.raw`\bimport\(\s*['"](?<expression>[^'"\n]+)`,
  ].join('|'),
  'gm',
)

export function moduleReferences(file: SourceFile): readonly ModuleReference[] {
  const code = codeLines(file).join('\n')
  return [...code.matchAll(moduleReference)].map(({ groups = {}, index }) => ({
    specifier: groups['from'] ?? groups['effect'] ?? groups['expression'] ?? '',
    line: code.slice(0, index).split('\n').length,
  }))
}
