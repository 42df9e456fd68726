import { log, logDriver } from './drivers.ts'
import { LogSource } from './log-source.ts'

/** An honest source, for processes of the kit too. */
export const driver: ReturnType<typeof logDriver> = logDriver(
  'honest log source',
  log,
  (upstream) => new LogSource(upstream),
  import.meta.url,
)
