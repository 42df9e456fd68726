import { append, fileDriver } from './drivers.ts'
import { appendSink } from './plain-sinks.ts'

/** The honest sink at least once, for processes of the kit too. */
export const driver: ReturnType<typeof fileDriver> = fileDriver(
  'honest append sink',
  append,
  (target) => appendSink(target),
  import.meta.url,
)
