import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { FlinktsError, type JobDefinition } from '@flinkts/core'
import { loadFailure } from './load-failure.ts'

/**
 * The job that a file exports.
 *
 * @param file - A path, relative to the working directory.
 * @throws FlinktsError FLINKTS_JOB_FILE_NOT_FOUND, FLINKTS_JOB_FILE_INVALID, and every FlinktsError
 * of the code in the file
 * @internal
 */
export async function loadJob(file: string): Promise<JobDefinition> {
  const path = resolve(file)
  await assertFile(file, path)
  const exported = await importModule(file, path)
  const { default: job } = exported
  if (isJob(job)) return job
  throw new FlinktsError('FLINKTS_JOB_FILE_INVALID', `job file "${file}" ${problemOf(exported)}`, {
    hint: "Export one job: export default defineJob('name', {}, (env) => { ... }).",
  })
}

/** The URL of the module in a file. @internal */
export function moduleUrl(file: string): string {
  return pathToFileURL(resolve(file)).href
}

async function assertFile(file: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() === true) return
  const problem = found === undefined ? 'does not exist' : 'is not a file'
  throw new FlinktsError('FLINKTS_JOB_FILE_NOT_FOUND', `job file "${file}" ${problem}`, {
    hint: `Paths begin at the working directory: "${basename(path)}" was looked for as "${path}".`,
  })
}

async function importModule(
  file: string,
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  const idle = Promise.withResolvers<never>()
  const onIdle = (): void => idle.reject(neverLoaded(file))
  process.on('beforeExit', onIdle)
  try {
    const loading = import(moduleUrl(path)) as Promise<Readonly<Record<string, unknown>>>
    return await Promise.race([loading, idle.promise])
  } catch (thrown) {
    throw loadFailure(file, thrown)
  } finally {
    process.off('beforeExit', onIdle)
  }
}

function neverLoaded(file: string): FlinktsError {
  return new FlinktsError(
    'FLINKTS_JOB_FILE_INVALID',
    `job file "${file}" waits, while it is loaded, for what never happens`,
    { hint: 'Look for an await outside of functions: its promise is never settled.' },
  )
}

/** By its form: the file may use a copy of flinkts of its own. */
function isJob(value: unknown): value is JobDefinition {
  return (
    isObject(value) &&
    typeof value['name'] === 'string' &&
    isObject(value['graph']) &&
    Array.isArray(value['graph']['nodes']) &&
    isObject(value['options'])
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function problemOf({ default: exported, ...named }: Readonly<Record<string, unknown>>): string {
  const [name] = Object.entries(named).find(([, value]) => isJob(value)) ?? []
  if (exported === undefined && name !== undefined) {
    return `exports its job as "${name}", not as default`
  }
  if (exported === undefined) return 'has no default export'
  if (Array.isArray(exported)) return 'exports an array by default, not one job'
  if (exported instanceof Promise) return 'exports a promise by default, not a job'
  const kind = typeof exported === 'function' ? 'a function' : describe(exported)
  return `exports ${kind} by default, not a job`
}

function describe(value: unknown): string {
  return isObject(value) ? 'an object' : String(value)
}
