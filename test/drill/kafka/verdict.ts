/** A record of a topic, as Kafka's console consumer shows it. */
export interface SeenRecord {
  readonly partition: number
  readonly offset: bigint
  readonly value: string | undefined
}

/** What can be wrong with the copy, a fault being of one kind. */
export type Fault = 'lost' | 'duplicated' | 'wrong' | 'disordered'

export interface Verdict {
  readonly faults: Readonly<Record<Fault, number>>
  /** Some of the faults, in words. */
  readonly examples: readonly string[]
}

const examplesMax = 5

/** What the copy of a record holds: where the record was, and its value. */
export function copyOf({ partition, offset, value }: CopiedRecord): string {
  return `${partition}:${offset}:${value}`
}

type CopiedRecord = Pick<SeenRecord, 'partition' | 'value'> & {
  readonly offset: bigint | number
}

/**
 * Compares a topic with the topic that it was copied from: every record once, in the partition of
 * the same number, in the same order.
 *
 * @param copied - In the order of the offsets of each partition.
 */
export function judge(written: readonly SeenRecord[], copied: readonly SeenRecord[]): Verdict {
  const faults = { lost: 0, duplicated: 0, wrong: 0, disordered: 0 }
  const examples: string[] = []
  const add = (fault: Fault, { partition, offset }: SeenRecord, what: string): void => {
    faults[fault] += 1
    if (examples.length >= examplesMax) return
    examples.push(`${fault}: ${what} (partition ${partition}, offset ${offset})`)
  }
  const origins = new Map(written.map((record) => [copyOf(record), record]))
  const seen = new Set<string>()
  const lastOffsets = new Map<number, bigint>()
  for (const record of copied) {
    const value = record.value ?? ''
    const origin = origins.get(value)
    if (origin === undefined || origin.partition !== record.partition) {
      add('wrong', record, `nobody wrote "${value.slice(0, 40)}" there`)
      continue
    }
    if (seen.has(value)) {
      add('duplicated', record, `there again is the record of offset ${origin.offset}`)
      continue
    }
    seen.add(value)
    const last = lastOffsets.get(record.partition) ?? -1n
    if (origin.offset < last) add('disordered', record, `offset ${origin.offset} behind ${last}`)
    else lastOffsets.set(record.partition, origin.offset)
  }
  for (const [value, origin] of origins) {
    if (!seen.has(value)) add('lost', origin, 'there is no copy of the record')
  }
  return { faults, examples }
}
