import { fileDriver, twoPhase } from './drivers.ts'
import { HonestSink } from './honest-sink.ts'

/** The honest sink, for processes of the kit too. */
export const driver: ReturnType<typeof fileDriver> = fileDriver(
  'honest two-phase sink',
  twoPhase,
  (target) => new HonestSink(target),
  import.meta.url,
)
