import { assert } from '../../common/assert.ts'
import { FlinktsError } from '../../common/errors.ts'

/** A record of the simulation; plain data. @internal */
export interface SimulatedRecord {
  /** Where it came from: source and partition. */
  readonly origin: string
  /** Its place in the partition, from 0; also its event time. */
  readonly index: number
  /** What it is keyed by. */
  readonly key: number
  /** What operators did to it. */
  readonly path: string
}

/** A partition of a log: its records, which do not change. @internal */
export interface SimulatedPartition {
  readonly name: string
  readonly records: readonly SimulatedRecord[]
  /** The step of the world from which on the partition is there. */
  readonly createdAtStep: number
}

/** What a simulated log is made of. @internal */
export interface SimulatedLogParts {
  readonly partitions: readonly SimulatedPartition[]
  readonly bounded: boolean
  /** The steps that the world has taken. */
  readonly stepCount: () => number
  /** Called before anything is forgotten. */
  readonly onAcknowledge: (position: SimulatedPosition) => void
}

/** Where a reader is. @internal */
export interface SimulatedPosition {
  /** Who reads: every lineage of a job has positions of its own, as a replication slot. */
  readonly jobId: string
  readonly attempt: number
  readonly partition: string
  readonly position: number
}

/**
 * The system that a simulated source reads: partitions that come into being, and forget what was
 * acknowledged. Reading what was forgotten is an error: so acknowledging too early shows.
 *
 * @internal
 */
export class SimulatedLog {
  readonly bounded: boolean
  readonly #parts: SimulatedLogParts
  readonly #acknowledged = new Map<string, SimulatedPosition>()

  constructor(parts: SimulatedLogParts) {
    this.bounded = parts.bounded
    this.#parts = parts
  }

  /** All partitions, also those that are still to come. */
  get partitions(): readonly SimulatedPartition[] {
    return this.#parts.partitions
  }

  /** The names of the partitions that are there. */
  discover(): readonly string[] {
    const step = this.#parts.stepCount()
    return this.partitions
      .filter(({ createdAtStep }) => createdAtStep <= step)
      .map(({ name }) => name)
  }

  /** Records from `position` (inclusive) on, at most `countMax`. */
  read(
    reader: SimulatedPosition,
    countMax: number,
  ): { readonly records: readonly SimulatedRecord[]; readonly finished: boolean } {
    const { partition: name, position } = reader
    const partition = this.partitions.find((candidate) => candidate.name === name)
    assert(partition !== undefined, 'the partition exists')
    const acknowledged = this.#acknowledged.get(slotOf(reader))
    if (acknowledged !== undefined) checkPresent(reader, acknowledged)
    const { records } = partition
    return {
      records: records.slice(position, position + countMax),
      finished: position >= records.length,
    }
  }

  /** Everything before the position (exclusive) may be forgotten. */
  acknowledge(position: SimulatedPosition): void {
    this.#parts.onAcknowledge(position)
    const slot = slotOf(position)
    const before = this.#acknowledged.get(slot)?.position ?? 0
    if (position.position > before) this.#acknowledged.set(slot, position)
  }
}

/**
 * Whoever was fenced may find that the one after it has acknowledged what it still wants to read.
 */
function checkPresent(reader: SimulatedPosition, acknowledged: SimulatedPosition): void {
  if (reader.position >= acknowledged.position) return
  assert(reader.attempt < acknowledged.attempt, 'I2: what is read was not acknowledged')
  throw new FlinktsError('FLINKTS_STORAGE_FAILED', 'a later attempt has acknowledged the records')
}

function slotOf({ jobId, partition }: SimulatedPosition): string {
  return `${jobId}/${partition}`
}
