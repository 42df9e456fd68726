/** The architecture of core: a folder imports only from folders above it. */
import path from 'node:path'
import {
  codeLines,
  moduleReferences,
  type Rule,
  type SourceFile,
  violation,
} from './source-file.ts'

const coreSource = 'packages/core/src/'

/** Bottom up. */
const coreFolders: readonly string[] = [
  'common',
  'connector',
  'state',
  'time',
  'network',
  'operators',
  'graph',
  'task',
  'threads',
  'checkpoint',
  'scheduler',
  'platform',
  'api',
  'testing',
]

/**
 * What needs Node stays behind an interface; `api` joins the two, and `testing` drains the promises
 * between two steps of a simulation.
 */
const importersOfPlatform: readonly (string | undefined)[] = ['platform', 'api', 'testing']

export const folderOrder: Rule = (files) =>
  files
    .filter((file) => file.path.startsWith(coreSource) && file.path.endsWith('.ts'))
    .flatMap((file) => {
      const folder = coreFolder(file.path)
      if (folder === undefined) return []
      if (!coreFolders.includes(folder)) {
        return [violation(file, 1, `folder ${folder} has no place in the order of core`)]
      }
      return moduleReferences(file).flatMap(({ specifier, line }) => {
        const problem = importProblem(file, folder, specifier)
        return problem === undefined ? [] : [violation(file, line, problem)]
      })
    })

function importProblem(file: SourceFile, folder: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const target = path.posix.join(path.posix.dirname(file.path), specifier)
  if (!target.startsWith(coreSource)) return `${folder} must not import ${specifier}`
  const targetFolder = coreFolder(target)
  if (targetFolder === undefined) return `${specifier} is an entry point: import the file it names`
  if (coreFolders.indexOf(targetFolder) > coreFolders.indexOf(folder)) {
    return `${folder} must not import ${specifier}: ${targetFolder} is above it`
  }
  if (targetFolder === 'platform' && !importersOfPlatform.includes(folder)) {
    return `${folder} must not import ${specifier}: take the interface, api passes the platform`
  }
  return undefined
}

/** `undefined`: the file is an entry point. */
function coreFolder(file: string): string | undefined {
  return /^([^/]+)\//.exec(file.slice(coreSource.length))?.[1]
}

const entryPoint = /^(packages|connectors)\/[^/]+\/src\/(index|connector|testing)\.ts$/
const namedReExport = /export (type )?\{[^{}]*\}( from '[^']+')?/g

/** Entry points say what is public, name by name, and do nothing. */
export const entryPoints: Rule = (files) =>
  files
    .filter((file) => entryPoint.test(file.path))
    .flatMap((file) => {
      const code = codeLines(file).join('\n')
      const rest = code.replace(namedReExport, (text) => text.replace(/[^\n]/g, '')).split('\n')
      return rest.flatMap((line, index) =>
        line.trim() === ''
          ? []
          : [violation(file, index + 1, 'an entry point only names re-exports')],
      )
    })
