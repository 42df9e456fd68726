import { brokenSources } from './broken-sources.ts'
import { logDriver } from './drivers.ts'

/** The driver of a broken source; a process of the kit is told by the URL which one. */
export function brokenSourceDriver(name: string): ReturnType<typeof logDriver> {
  const source = brokenSources[name]
  if (source === undefined) throw new Error(`there is no broken source "${name}"`)
  const module = `${new URL(import.meta.url).pathname}?source=${name}`
  const driver = logDriver(
    name,
    source.capabilities,
    (upstream) => source.createSource(upstream),
    `file://${module}`,
  )
  return { ...driver, ...source.driver }
}

const asked = new URL(import.meta.url).searchParams.get('source')

/** What a process of the kit loads. */
export const driver: ReturnType<typeof logDriver> | undefined =
  asked === null ? undefined : brokenSourceDriver(asked)
