import { fileDriver, upsert } from './drivers.ts'
import { upsertSink } from './plain-sinks.ts'

/** The honest sink by key, for processes of the kit too. */
export const driver: ReturnType<typeof fileDriver> = fileDriver(
  'honest upsert sink',
  upsert,
  (target) => upsertSink(target),
  import.meta.url,
)
