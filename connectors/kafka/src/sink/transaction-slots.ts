import { assert, FlinktsError } from '@flinkts/core/connector'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'

/** A commit takes milliseconds: so many are prepared only when commits have failed for long. */
const slotCountMax = 64

interface Slot {
  readonly index: number
  /** Of its last use in this attempt. */
  identity: ProducerIdentity | undefined
  /** Undefined: free, or open. */
  preparedFor: number | undefined
  status: 'free' | 'open' | 'prepared'
}

/**
 * The transactional ids of a writer, by number. One is used again only when nothing that was
 * prepared under it can be committed again.
 *
 *     free --take--> open --prepare--> prepared --forget--> free
 *
 * @internal
 */
export class TransactionSlots {
  readonly #slots: Slot[] = []

  /** Slots whose prepared transactions may be committed (again). */
  get preparedCount(): number {
    return this.#slots.filter(({ status }) => status === 'prepared').length
  }

  /**
   * Takes a free slot.
   *
   * @returns with `expected`, the identity of the last use, if this attempt used it before
   * @throws FlinktsError FLINKTS_KAFKA_TRANSACTIONS_EXHAUSTED
   */
  take(): { readonly slot: number; readonly expected: ProducerIdentity | undefined } {
    const free = this.#slots.find(({ status }) => status === 'free') ?? this.#add()
    free.status = 'open'
    return { slot: free.index, expected: free.identity }
  }

  prepare(slot: number, identity: ProducerIdentity, checkpointId: number): void {
    const taken = this.#slots[slot]
    assert(taken?.status === 'open', 'a transaction that is prepared was open')
    taken.status = 'prepared'
    taken.identity = identity
    taken.preparedFor = checkpointId
  }

  /** Frees what was prepared before this checkpoint (exclusive). */
  forget(beforeCheckpointId: number): void {
    for (const slot of this.#slots) {
      if (slot.preparedFor === undefined || slot.preparedFor >= beforeCheckpointId) continue
      slot.status = 'free'
      slot.preparedFor = undefined
    }
  }

  #add(): Slot {
    if (this.#slots.length >= slotCountMax) throw exhausted()
    const index = this.#slots.length
    const slot: Slot = { index, identity: undefined, preparedFor: undefined, status: 'free' }
    this.#slots.push(slot)
    return slot
  }
}

function exhausted(): FlinktsError {
  return new FlinktsError(
    'FLINKTS_KAFKA_TRANSACTIONS_EXHAUSTED',
    `the Kafka sink has ${slotCountMax} transactions that are prepared and not forgotten`,
    {
      hint:
        'Commits, or checkpoints, have failed for long: the log says why. Retain fewer ' +
        'checkpoints if as many are kept.',
    },
  )
}
