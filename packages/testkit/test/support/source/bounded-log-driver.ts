import { boundedLog, logDriver } from './drivers.ts'
import { LogSource } from './log-source.ts'

/** An honest source, for processes of the kit too. */
export const driver: ReturnType<typeof logDriver> = logDriver(
  'honest bounded log source',
  boundedLog,
  (upstream) => new LogSource(upstream, 'bounded'),
  import.meta.url,
)
