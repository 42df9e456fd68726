import { assert } from '../../common/assert.ts'

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
  readonly onAcknowledge: (acknowledgement: SimulatedAcknowledgement) => void
}

/** Everything before `position` (exclusive) of a partition may be forgotten. @internal */
export interface SimulatedAcknowledgement {
  /** Who reads: every lineage of a job has positions of its own, as a replication slot. */
  readonly jobId: string
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
  readonly #acknowledged = new Map<string, number>()

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
    reader: SimulatedAcknowledgement,
    countMax: number,
  ): { readonly records: readonly SimulatedRecord[]; readonly finished: boolean } {
    const { partition: name, position } = reader
    const partition = this.partitions.find((candidate) => candidate.name === name)
    assert(partition !== undefined, 'the partition exists')
    const forgotten = this.#acknowledged.get(slotOf(reader)) ?? 0
    assert(position >= forgotten, 'I2: what is read was not acknowledged')
    const { records } = partition
    return {
      records: records.slice(position, position + countMax),
      finished: position >= records.length,
    }
  }

  acknowledge(acknowledgement: SimulatedAcknowledgement): void {
    this.#parts.onAcknowledge(acknowledgement)
    const slot = slotOf(acknowledgement)
    const before = this.#acknowledged.get(slot) ?? 0
    this.#acknowledged.set(slot, Math.max(acknowledgement.position, before))
  }
}

function slotOf({ jobId, partition }: SimulatedAcknowledgement): string {
  return `${jobId}/${partition}`
}
