/** What `npm run check` and `npm test` are made of. */
import { readdirSync } from 'node:fs'

/** One thing that can pass or fail: its commands run in order, the first failure ends it. */
export interface Step {
  readonly name: string
  readonly commands: readonly (readonly string[])[]
  /** Where vitest leaves its counts; a step without counts as one test. */
  readonly vitestReport?: string
}

const turbo = ['turbo', 'run', '--output-logs=errors-only']

const format = commandStep('format', ['biome', 'format', '--error-on-warnings', '.'])
const lint = commandStep('lint', ['oxlint'])
const types = commandStep('types', ['tsc'], [...turbo, 'typecheck'])
const tidy = vitestStep('tidy')
const unit = vitestStep('unit')
const build = commandStep('build', [...turbo, 'build'])
const api = commandStep('api', ['node', 'scripts/api-reports.ts', '--check'])
const knip = commandStep('knip', ['knip'])
const publint = commandStep(
  'publint',
  ...publishedFolders().map((folder) => ['publint', '--strict', folder]),
)

/** Quick enough for every commit. */
export const checkSteps: readonly Step[] = [
  format,
  lint,
  types,
  tidy,
  unit,
  build,
  api,
  knip,
  publint,
]

/** Everything that can tell that flinkts is broken. */
export const testSteps: readonly Step[] = [
  format,
  lint,
  types,
  tidy,
  unit,
  vitestStep('sim'),
  vitestStep('integration'),
  vitestStep('e2e'),
]

/** The folders of the packages that go to users, relative to the workspace. */
export function publishedFolders(): readonly string[] {
  return ['packages', 'connectors'].flatMap((parent) =>
    readdirSync(parent).map((name) => `${parent}/${name}`),
  )
}

/** Picks steps by name, in their own order; no name picks all. */
export function pickSteps(steps: readonly Step[], names: readonly string[]): readonly Step[] {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name))
  if (unknown.length > 0) {
    const known = steps.map((step) => step.name).join(', ')
    throw new Error(`unknown step "${unknown.join('", "')}"; the steps are ${known}`)
  }
  return names.length === 0 ? steps : steps.filter((step) => names.includes(step.name))
}

function commandStep(name: string, ...commands: readonly (readonly string[])[]): Step {
  return { name, commands }
}

function vitestStep(project: string): Step {
  const vitestReport = `.test-results/${project}.json`
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`]
  return {
    name: project,
    commands: [['vitest', 'run', '--project', project, ...reporters]],
    vitestReport,
  }
}
