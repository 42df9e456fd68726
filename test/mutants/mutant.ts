/** A deliberate break: text of a file that is replaced, and the tests that must then fail. */
export interface Mutant {
  /** In words joined by hyphens; what `npm run mutants` takes. */
  readonly name: string
  /** What goes wrong, for people. */
  readonly breaks: string
  /** Relative to the workspace. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Test files of unit and sim, relative to the workspace: each of them must fail. */
  readonly tests: readonly string[]
}

/** The text with the break in it; `undefined` if `find` is not there exactly once. */
export function broken(text: string, { find, replace }: Mutant): string | undefined {
  const parts = text.split(find)
  return parts.length === 2 ? parts.join(replace) : undefined
}
