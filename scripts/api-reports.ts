/**
 * `npm run api` writes the public surface of every entry point to `<package>/etc/*.api.md`, from
 * the built declarations; `--check` only compares. A changed report is part of the review.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
} from '@microsoft/api-extractor'
import { publishedFolders } from './steps.ts'

interface PackageJson {
  readonly name: string
  readonly exports?: Readonly<Record<string, { readonly types: string }>>
}

const checkOnly = process.argv.includes('--check')
const rejected = publishedFolders().flatMap(reportPackage)
if (rejected.length > 0) {
  console.error(`not accepted: ${rejected.join(', ')}`)
  console.error('Give every export a release tag, run `npm run api`, and look at the difference.')
  process.exitCode = 1
}

/** Returns the reports that are missing, changed, or of exports without a release tag. */
function reportPackage(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as PackageJson
  return Object.values(manifest.exports ?? {}).flatMap((entry) => {
    const declarations = path.resolve(folder, entry.types)
    if (!existsSync(declarations)) throw new Error(`${declarations} is missing: run npm run build`)
    const name = path.basename(entry.types, '.d.ts')
    return reportEntry(path.resolve(folder), declarations, name)
      ? []
      : [`${folder}/etc/${name}.api.md`]
  })
}

function reportEntry(folder: string, declarations: string, name: string): boolean {
  const reportFolder = path.join(folder, 'etc')
  mkdirSync(reportFolder, { recursive: true })
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: declarations,
      compiler: { tsconfigFilePath: path.join(folder, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFolder,
        reportTempFolder: path.join(reportFolder, 'temp'),
        reportFileName: `${name}.api.md`,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
          'ae-missing-release-tag': { logLevel: ExtractorLogLevel.Error },
        },
        // `@throws FlinktsError CODE` and friends: what the report says about prose is noise.
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
    configObjectFullPath: path.join(folder, 'api-extractor.json'),
    packageJsonFullPath: path.join(folder, 'package.json'),
  })
  const result = Extractor.invoke(config, { localBuild: !checkOnly, messageCallback: quiet })
  return result.succeeded
}

/** What is left to say is in the report or is an error. */
function quiet(message: ExtractorMessage): void {
  if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true
}
