/**
 * Which package may import what: core <- formats <- filesystem <- connectors <- examples; core <-
 * cli; core <- testkit, which the tests of connectors and of the filesystem import.
 */
import path from 'node:path'
import {
  isCode,
  isTestCode,
  moduleReferences,
  packageFolder,
  type Rule,
  type SourceFile,
  violation,
} from './source-file.ts'

const core = ['@flinkts/core', '@flinkts/core/connector']
const packageImports: Readonly<Record<string, readonly string[]>> = {
  'packages/core': [],
  'packages/formats': core,
  'packages/filesystem': [...core, '@flinkts/formats'],
  'packages/cli': [...core, '@flinkts/core/testing'],
  'packages/testkit': [...core, '@flinkts/core/testing'],
}
const connectorImports = [
  '@flinkts/core/connector',
  '@flinkts/formats',
  '@flinkts/filesystem',
  'zod',
]
const testImports = [
  ...core,
  '@flinkts/core/testing',
  '@flinkts/test-services',
  '@flinkts/testkit',
  '@flinkts/testkit/proxy',
]
/** The jobs that the tests of the command run are those of users. */
const jobImports = ['@flinkts/filesystem', '@flinkts/formats']
const testTools = ['fast-check', 'vitest']

export const packageImportRule: Rule = (files) =>
  files.filter(isCode).flatMap((file) => {
    const folder = packageFolder(file)
    if (folder === undefined || folder.startsWith('examples/')) return []
    const drivers = folder.startsWith('connectors/') ? driversOf(folder, files) : []
    return moduleReferences(file)
      .filter(({ specifier }) => !drivers.includes(packageName(specifier)))
      .flatMap(({ specifier, line }) => {
        const problem = importProblem(file, folder, specifier)
        return problem === undefined ? [] : [violation(file, line, problem)]
      })
  })

/**
 * Each dependency of a connector belongs to one file, `client.ts` if that imports it, so that the
 * rest can be tested without it, and it can be replaced.
 */
export const driverImports: Rule = (files) =>
  files.filter(isConnectorSource).flatMap((file) => {
    const folder = packageFolder(file) ?? ''
    const drivers = driversOf(folder, files)
    return moduleReferences(file)
      .filter(({ specifier }) => drivers.includes(packageName(specifier)))
      .flatMap(({ specifier, line }) => {
        const owner = ownerOf(packageName(specifier), folder, files)
        if (owner === file.path) return []
        const name = owner.slice(`${folder}/src/`.length)
        return [violation(file, line, `only ${name} imports the dependency ${specifier}`)]
      })
  })

/**
 * No file of a package is reached but through its entry points; `scripts` may read what they
 * document.
 */
export const deepImports: Rule = (files) =>
  files
    .filter((file) => isCode(file) && !file.path.startsWith('scripts/'))
    .flatMap((file) =>
      moduleReferences(file)
        .filter(({ specifier }) => isDeep(file, specifier))
        .map(({ specifier, line }) =>
          violation(file, line, `${specifier} is inside another package: import its entry point`),
        ),
    )

function importProblem(file: SourceFile, folder: string, specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined
  const name = packageName(specifier)
  if (isTestCode(file) && (testTools.includes(name) || isOwnPackage(folder, name))) return undefined
  const allowed = [...allowedImports(folder), ...(isTestCode(file) ? testImportsOf(folder) : [])]
  if (allowed.includes(specifier)) return undefined
  if (name.startsWith('@flinkts/')) return `${folder} must not import ${specifier}`
  return folder.startsWith('connectors/')
    ? `a connector imports core, formats, filesystem, zod and its driver, not ${specifier}`
    : undefined
}

function testImportsOf(folder: string): readonly string[] {
  return folder === 'packages/cli' ? [...testImports, ...jobImports] : testImports
}

function allowedImports(folder: string): readonly string[] {
  return folder.startsWith('connectors/') ? connectorImports : (packageImports[folder] ?? [])
}

function isOwnPackage(folder: string, name: string): boolean {
  return name === `@flinkts/${path.posix.basename(folder)}`
}

function isDeep(file: SourceFile, specifier: string): boolean {
  if (/^(@flinkts\/[^/]+|flinkts)\/(src|dist)(\/|$)/.test(specifier)) return true
  if (!specifier.startsWith('.')) return false
  const target = path.posix.join(path.posix.dirname(file.path), specifier)
  const targetFolder = packageFolder({ path: target, text: '' })
  return targetFolder !== undefined && targetFolder !== packageFolder(file)
}

function isConnectorSource(file: SourceFile): boolean {
  return /^connectors\/[^/]+\/src\//.test(file.path)
}

/** The file that a dependency of a connector belongs to: its client, else the first by its path. */
function ownerOf(dependency: string, folder: string, files: readonly SourceFile[]): string {
  const client = `${folder}/src/client.ts`
  const importers = files
    .filter((file) => isConnectorSource(file) && packageFolder(file) === folder)
    .filter((file) =>
      moduleReferences(file).some(({ specifier }) => packageName(specifier) === dependency),
    )
    .map((file) => file.path)
  return importers.includes(client) ? client : (importers.toSorted()[0] ?? client)
}

/** The dependencies of a connector that are neither ours nor zod. */
function driversOf(folder: string, files: readonly SourceFile[]): readonly string[] {
  const manifest = files.find((file) => file.path === `${folder}/package.json`)
  if (manifest === undefined) return []
  const { dependencies = {} } = JSON.parse(manifest.text) as {
    readonly dependencies?: Readonly<Record<string, string>>
  }
  return Object.keys(dependencies).filter((name) => name !== 'zod' && !name.startsWith('@flinkts/'))
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
