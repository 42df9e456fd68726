import { brokenSinks } from './broken-sinks.ts'
import { fileDriver } from './drivers.ts'

/** The driver of a broken sink; a process of the kit is told by the URL which one. */
export function brokenDriver(name: string): ReturnType<typeof fileDriver> {
  const sink = brokenSinks[name]
  if (sink === undefined) throw new Error(`there is no broken sink "${name}"`)
  const module = `${new URL(import.meta.url).pathname}?sink=${name}`
  const driver = fileDriver(
    name,
    sink.capabilities,
    (target) => sink.createSink(target),
    `file://${module}`,
  )
  return { ...driver, ...sink.driver }
}

const asked = new URL(import.meta.url).searchParams.get('sink')

/** What a process of the kit loads. */
export const driver: ReturnType<typeof fileDriver> | undefined =
  asked === null ? undefined : brokenDriver(asked)
