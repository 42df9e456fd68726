/** Names and sizes of files. */
import path from 'node:path'
import { codeLines, isCode, type Rule, violation } from './source-file.ts'

const fileLinesMax = 500
const lineColumnsMax = 100

export const fileLength: Rule = (files) =>
  files.filter(isCode).flatMap((file) => {
    const lines = file.text.trimEnd().split('\n').length
    if (lines <= fileLinesMax) return []
    return [
      violation(file, lines, `${lines} lines, at most ${fileLinesMax}: find the missing concept`),
    ]
  })

/** What the formatter cannot break: strings and comments. A link may be as long as it is. */
export const lineLength: Rule = (files) =>
  files.filter(isCode).flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      if (line.length <= lineColumnsMax || line.includes('://')) return []
      return [violation(file, index + 1, `${line.length} columns, at most ${lineColumnsMax}`)]
    }),
  )

const kebab = '[a-z0-9]+(-[a-z0-9]+)*'
const codeFileName = new RegExp(
  `^${kebab}(\\.(config|job|bench|test-d|((sim|integration|e2e)\\.)?test))?\\.(ts|mjs|js)$`,
)
const folderName = new RegExp(`^\\.?${kebab}$`)

export const fileNames: Rule = (files) =>
  files.filter(isCode).flatMap((file) => {
    const folders = path.posix.dirname(file.path).split('/')
    const name = path.posix.basename(file.path)
    const kebabPath =
      codeFileName.test(name) &&
      folders.every((folder) => folder === '.' || folderName.test(folder))
    return kebabPath ? [] : [violation(file, 1, 'file and folder names are kebab-case')]
  })

/** The same names in every connector, so that who knows one finds the way in all. */
export const connectorFileNames: readonly string[] = [
  'index',
  'options',
  'client',
  'preflight',
  'source',
  'split',
  'enumerator',
  'source-reader',
  'split-reader',
  'sink',
  'writer',
  'committable',
  'committer',
]

export const connectorFiles: Rule = (files) =>
  files.flatMap((file) => {
    const name = /^connectors\/[^/]+\/src\/([^/]+)\.ts$/.exec(file.path)?.[1]
    if (name === undefined || connectorFileNames.includes(name)) return []
    return [violation(file, 1, 'goes into a subfolder: it is no file that every connector has')]
  })

/** Job modules and configurations of tools are default exports by their contract. */
const defaultExportAllowed = /\.(config|job)\.ts$|^examples\/|(^|\/)jobs\//

export const defaultExports: Rule = (files) =>
  files
    .filter((file) => isCode(file) && !defaultExportAllowed.test(file.path))
    .flatMap((file) =>
      codeLines(file).flatMap((line, index) =>
        /^\s*export (default\b|\{.*\bas default\b)/.test(line)
          ? [violation(file, index + 1, 'export default: export it by name')]
          : [],
      ),
    )
