import { type Prng, randomBelow } from '../../common/prng.ts'
import { SimulatedLog, type SimulatedPartition } from './simulated-log.ts'

const keys = 5
const recordsMax = 16

/** One to three logs, by the operator id of the source that reads them. @internal */
export function randomLogs(
  prng: Prng,
  onAcknowledge: (partition: string, position: number) => void,
): ReadonlyMap<string, SimulatedLog> {
  const logs = new Map<string, SimulatedLog>()
  for (let source = randomBelow(prng, 3); source >= 0; source -= 1) {
    const id = `source${source}`
    const partitions = Array.from({ length: 1 + randomBelow(prng, 4) }, (_, partition) =>
      randomPartition(prng, `${id}-${partition}`),
    )
    logs.set(id, new SimulatedLog(partitions, onAcknowledge))
  }
  return logs
}

function randomPartition(prng: Prng, name: string): SimulatedPartition {
  const records = Array.from({ length: randomBelow(prng, recordsMax) }, (_, index) => ({
    origin: name,
    index,
    key: randomBelow(prng, keys),
    path: '',
  }))
  return { name, records }
}
