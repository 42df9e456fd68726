import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { canInstallPackages, containerRuntime } from './docker-engine.ts'
import { within } from './eventually.ts'
import type { Log } from './log.ts'
import { runScript } from './run-script.ts'

/** Where the image of a service comes from. @internal */
export interface ServiceImage {
  /** Of the built image and its containers. */
  readonly name: string
  /** The folder below `images/` with the Dockerfile. */
  readonly recipe: string
  /** The published image, with its tag. */
  readonly official: string
  /** The Debian packages of the image that is built where no registry can be reached. */
  readonly debianPackages: readonly string[]
  /** The version of the jars that the recipe's `pom.xml` names, where there is one. */
  readonly mavenVersion?: string
}

const pullTimeoutMs = 300_000
const buildTimeoutMs = 900_000

/**
 * Makes the image of a service present. The variable `FLINKTS_IMAGES` decides from where:
 * `pull` takes the official one only, `build` the one built here only. Unset, it
 * is the one that is present, else the official one, else the built one.
 * @throws Error when there is no way left; the message says what was tried
 * @internal
 */
export async function ensureImage(image: ServiceImage, log: Log): Promise<string> {
  const present = await presentImage(image)
  if (present !== undefined) return present
  const origin = imageOrigin()
  if (origin === 'build') return build(image, log)
  try {
    return await pull(image, log)
  } catch (error) {
    if (origin === 'pull') throw error
    log(`${image.official} could not be pulled: building it here`)
    return build(image, log)
  }
}

/**
 * The image with which to start the service, undefined when it is not there yet.
 * @internal
 */
export async function presentImage(image: ServiceImage): Promise<string | undefined> {
  const origin = imageOrigin()
  if (origin !== 'build' && (await exists(image.official))) return image.official
  if (origin !== 'pull' && (await exists(builtName(image)))) return builtName(image)
  return undefined
}

type ImageOrigin = 'pull' | 'build' | 'any'

function imageOrigin(): ImageOrigin {
  const value = process.env['FLINKTS_IMAGES'] ?? ''
  if (value === 'pull' || value === 'build') return value
  if (value === '') return 'any'
  throw new Error(`FLINKTS_IMAGES is "${value}". Set it to "pull" or "build", or unset it.`)
}

async function exists(name: string): Promise<boolean> {
  const { image } = await containerRuntime()
  const { ImageName } = await import('testcontainers')
  return within(
    `the engine to look up the image "${name}"`,
    10_000,
    image.exists(ImageName.fromString(name)),
  )
}

async function pull({ official }: ServiceImage, log: Log): Promise<string> {
  log(`pulling ${official}`)
  const { image } = await containerRuntime()
  const { ImageName } = await import('testcontainers')
  const pulled = image.pull(ImageName.fromString(official))
  try {
    await within(`the image "${official}" to be pulled`, pullTimeoutMs, pulled)
    return official
  } catch (error) {
    throw new Error(
      `the image "${official}" could not be pulled. Check the network and the engine's ` +
        'registry settings, or set FLINKTS_IMAGES=build as root on Debian.',
      { cause: error },
    )
  }
}

async function build(image: ServiceImage, log: Log): Promise<string> {
  if (!canInstallPackages()) {
    throw new Error(
      `the image of "${image.name}" can be built only by root on Debian. ` +
        `Make "${image.official}" available to the Docker engine instead.`,
    )
  }
  log(`building the image of ${image.name} from Debian's packages`)
  const { debianPackages, mavenVersion = '' } = image
  await runScript(
    'build-image.sh',
    [builtName(image), rootName(image), folder(image), mavenVersion, ...debianPackages],
    { timeoutMs: buildTimeoutMs },
  )
  return builtName(image)
}

// Both tags are hashes of all that goes in, so a change of the recipe is a new image. Services with
// the same packages share the image below.
function rootName({ debianPackages }: ServiceImage): string {
  const script = new URL('docker/build-image.sh', import.meta.url)
  return `flinkts-test/root:${hash([readFileSync(script), ...debianPackages])}`
}

function builtName(image: ServiceImage): string {
  const files = readdirSync(folder(image)).toSorted()
  const contents = files.map((file) => readFileSync(`${folder(image)}/${file}`))
  const parts = [rootName(image), image.mavenVersion ?? '', ...files, ...contents]
  return `flinkts-test/${image.name}:${hash(parts)}`
}

function folder({ recipe }: ServiceImage): string {
  return fileURLToPath(new URL(`images/${recipe}`, import.meta.url))
}

function hash(parts: readonly (string | Uint8Array)[]): string {
  const digest = createHash('sha256')
  for (const part of parts) digest.update(part).update('\0')
  return digest.digest('hex').slice(0, 12)
}
