import { assert } from '../../common/assert.ts'

/** A record of the simulation; plain data. @internal */
export interface SimulatedRecord {
  /** Where it came from: source, partition and index in it. */
  readonly origin: string
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
}

/**
 * The system that a simulated source reads: partitions that forget what was acknowledged, as a
 * replication slot does. Reading what was forgotten is an error: so acknowledging too early shows.
 *
 * @internal
 */
export class SimulatedLog {
  readonly partitions: readonly SimulatedPartition[]
  readonly #acknowledged = new Map<string, number>()
  readonly #onAcknowledge: (partition: string, position: number) => void

  constructor(
    partitions: readonly SimulatedPartition[],
    onAcknowledge: (partition: string, position: number) => void,
  ) {
    this.partitions = partitions
    this.#onAcknowledge = onAcknowledge
  }

  /** Records from `position` (inclusive) on, at most `countMax`. */
  read(name: string, position: number, countMax: number): readonly SimulatedRecord[] {
    const partition = this.partitions.find((candidate) => candidate.name === name)
    assert(partition !== undefined, 'the partition exists')
    assert(position >= (this.#acknowledged.get(name) ?? 0), 'I2: what is read was not acknowledged')
    return partition.records.slice(position, position + countMax)
  }

  /** Everything before `position` (exclusive) may be forgotten. */
  acknowledge(name: string, position: number): void {
    this.#onAcknowledge(name, position)
    this.#acknowledged.set(name, Math.max(position, this.#acknowledged.get(name) ?? 0))
  }
}
