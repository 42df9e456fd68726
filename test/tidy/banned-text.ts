/** What must not be written, where, and what to write instead. */
import { codeLines, isCode, isTest, type Rule, type SourceFile, violation } from './source-file.ts'

interface Ban {
  readonly pattern: RegExp
  readonly instead: string
}

const undeterministic: readonly Ban[] = [
  { pattern: /\bDate\.now\b|\bnew Date\(\)/, instead: 'use Clock.now()' },
  { pattern: /\bperformance\.now\b/, instead: 'use Clock' },
  { pattern: /(?<![.\w#])set(Timeout|Interval|Immediate)\(/, instead: 'use Scheduler' },
  { pattern: /\bqueueMicrotask\(/, instead: 'use Scheduler' },
  { pattern: /\bMath\.random\b|\brandomUUID\b|\bgetRandomValues\b/, instead: 'use Prng' },
  { pattern: /(?<![.\w#/-])process\.\w+/, instead: 'inject it as an option' },
  { pattern: /(?<![.\w#])console\.\w+/, instead: 'use Logger' },
  {
    pattern: /\b(from |import\()'node:(?!buffer'|util')/,
    instead: 'take an interface; platform/ implements it for Node',
  },
]

const careless: readonly Ban[] = [
  { pattern: /\bas any\b/, instead: 'parse the value, or give it its type' },
  { pattern: /\bas unknown as\b/, instead: 'parse the value, or give it its type' },
  {
    pattern: /\b(test|it|describe|suite|bench)(\.\w+)*\.(only|skip|todo|skipIf|runIf|fails)\b/,
    instead: 'every test runs, always',
  },
  {
    pattern: /\bvi\.(fn|mock|doMock|spyOn|stubGlobal|useFakeTimers)\b/,
    instead: 'write a fake of an interface we own',
  },
]

/** Comments count too. */
const unfinished: readonly Ban[] = [
  { pattern: /@ts-(ignore|nocheck)\b/, instead: 'use @ts-expect-error with the reason' },
  { pattern: /\b(TODO|FIXME|XXX)\b/, instead: 'do it now, or open an issue' },
]

const sleeping: readonly Ban[] = [
  {
    pattern: /(?<![.\w#])setTimeout\(|\btimers\/promises\b|\bsleep\(/,
    instead: 'wait for the event, or drive a ManualScheduler',
  },
]

/** By their form, so that this file names none of them. */
const hosts = [
  String.raw`\bregistry(-\d)?\.\w+\.(org|com|io)\b`,
  String.raw`\b(index|registry-\d)\.docker\.(io|com)\b`,
  String.raw`\bdocker\.io\/`,
  String.raw`\b(ghcr|gcr|quay)\.io\b`,
  String.raw`\bmcr\.microsoft\.com\b`,
  String.raw`\brepo\d?\.maven\b`,
  String.raw`\b(deb|security|archive)\.\w+\.(org|com)\b`,
  String.raw`\b(proxy\.\w+|\w*pi)\.org\b`,
]
const ofThisMachine: readonly Ban[] = [
  { pattern: /"resolved": "https?:/, instead: 'keep omit-lockfile-registry-resolved in .npmrc' },
  { pattern: new RegExp(hosts.join('|')), instead: 'rely on the configuration of the machine' },
  {
    pattern: /(?<![\w.~-])\/(work|root|home|Users)\/(?!\.\.\.)/,
    instead: 'use a path relative to the file',
  },
]

export const bannedInCore: Rule = banRule(
  (file) => /^packages\/core\/src\/(?!platform\/)/.test(file.path),
  undeterministic,
  codeLines,
)
export const bannedInCode: Rule = banRule(isCode, careless, codeLines)
export const bannedEverywhere: Rule = banRule(isCode, unfinished, allLines)
export const bannedInTests: Rule = banRule(isTest, sleeping, codeLines)
export const bannedMachine: Rule = banRule(() => true, ofThisMachine, allLines)

function banRule(
  applies: (file: SourceFile) => boolean,
  bans: readonly Ban[],
  linesOf: (file: SourceFile) => readonly string[],
): Rule {
  return (files) =>
    files
      // The bans are written down here, and their tests break them.
      .filter((file) => applies(file) && !file.path.startsWith('test/tidy/'))
      .flatMap((file) =>
        linesOf(file).flatMap((line, index) =>
          findBans(line, bans).map((message) => violation(file, index + 1, message)),
        ),
      )
}

function findBans(line: string, bans: readonly Ban[]): readonly string[] {
  return bans.flatMap(({ pattern, instead }) => {
    const found = pattern.exec(line)
    return found === null ? [] : [`${found[0].trim()}: ${instead}`]
  })
}

function allLines(file: SourceFile): readonly string[] {
  return file.text.split('\n')
}
