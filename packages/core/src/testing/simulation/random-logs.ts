import { type Prng, randomBelow } from '../../common/prng.ts'
import { SimulatedLog, type SimulatedLogParts, type SimulatedPartition } from './simulated-log.ts'

const keys = 5
const recordsMax = 16
/** Some partitions come into being while the job runs. */
const createdAtStepMax = 1500

/** One to three logs, by the operator id of the source that reads them. @internal */
export function randomLogs(
  prng: Prng,
  world: Pick<SimulatedLogParts, 'stepCount' | 'onAcknowledge'>,
): ReadonlyMap<string, SimulatedLog> {
  const logs = new Map<string, SimulatedLog>()
  for (let source = randomBelow(prng, 3); source >= 0; source -= 1) {
    const id = `source${source}`
    const bounded = randomBelow(prng, 2) === 0
    const partitions = Array.from({ length: 1 + randomBelow(prng, 4) }, (_, index) => {
      const late = !bounded && randomBelow(prng, 3) === 0
      const createdAtStep = late ? randomBelow(prng, createdAtStepMax) : 0
      return randomPartition(prng, `${id}-${index}`, createdAtStep)
    })
    logs.set(id, new SimulatedLog({ ...world, partitions, bounded }))
  }
  return logs
}

function randomPartition(prng: Prng, name: string, createdAtStep: number): SimulatedPartition {
  const records = Array.from({ length: randomBelow(prng, recordsMax) }, (_, index) => ({
    origin: name,
    index,
    key: randomBelow(prng, keys),
    path: '',
  }))
  return { name, records, createdAtStep }
}
