import type { DeliveryGuarantee } from '@flinkts/core/connector'
import type { ValueKind } from '../records/kit-values.ts'

/**
 * What makes the guarantee of a sink.
 * - `2pc`: the target prepares output at the barrier, and commits it after the checkpoint.
 * - `checkpoint-in-target`: output is staged at the barrier; the commit applies it and notes in the
 *   target, in one transaction, that it did.
 * - `idempotent-upsert`: writes are visible at once, by key, so that repeating them changes
 *   nothing.
 * - `append`: writes are visible at once, and a repeated one is there twice.
 *
 * @public
 */
export type SinkMechanism = '2pc' | 'checkpoint-in-target' | 'idempotent-upsert' | 'append'

/**
 * What a sink promises, declared by the author of its driver. The kit tests what is declared and
 * nothing else: a claim that does not hold fails, and so does one that no check could reach.
 *
 * @public
 */
export interface SinkCapabilities {
  /** As in `Sink.guarantee`. */
  readonly guarantee: DeliveryGuarantee
  /** See `SinkMechanism`: each gives one guarantee. */
  readonly mechanism: SinkMechanism
  /** When output can be read: with the commit, or as soon as it was written. */
  readonly visibility: 'on-commit' | 'immediate'
  /**
   * `on-takeover`: what no completed checkpoint holds is void as soon as the writers of a later
   * attempt have started, also for an older attempt that wakes up and commits it.
   */
  readonly fencing: 'on-takeover' | 'none'
  /**
   * Whether a record whose operation is `delete` removes the one with its id. Then a record that is
   * written takes the place of the one with its id, with every mechanism.
   */
  readonly deletes: boolean
  /** Whether the records of a split can be read in the order in which they were written. */
  readonly order: 'per-split' | 'none'
  /**
   * After how many milliseconds the target drops what was prepared and not committed; `Infinity`:
   * only when somebody does it by hand; `undefined`: nothing is prepared. What was dropped must
   * make the commit fail loudly.
   */
  readonly maxPreparedAgeMs: number | undefined
  /**
   * The kinds of values, beside text, that come through as they are, in every case that `KitValues`
   * names; `[]`: text alone.
   */
  readonly values: readonly ValueKind[]
}

/** A name of a capability. @public */
export type SinkCapability = keyof SinkCapabilities

/** Whether output becomes visible by a commit. @internal */
export function commits({ mechanism }: SinkCapabilities): boolean {
  return mechanism === '2pc' || mechanism === 'checkpoint-in-target'
}

/** Whether a record takes the place of the one with the same id. @internal */
export function writesByKey({ mechanism, deletes }: SinkCapabilities): boolean {
  return mechanism === 'idempotent-upsert' || deletes
}

/**
 * The capabilities that promise more than the least: each needs a check that reached it. @internal
 */
export function sinkClaims(capabilities: SinkCapabilities): readonly SinkCapability[] {
  const claims: SinkCapability[] = ['guarantee', 'mechanism']
  if (capabilities.visibility === 'on-commit') claims.push('visibility')
  if (capabilities.fencing === 'on-takeover') claims.push('fencing')
  if (capabilities.deletes) claims.push('deletes')
  if (capabilities.order === 'per-split') claims.push('order')
  if (capabilities.maxPreparedAgeMs !== undefined) claims.push('maxPreparedAgeMs')
  if (capabilities.values.length > 0) claims.push('values')
  return claims
}

/** What contradicts itself in a declaration, as sentences. @internal */
export function sinkContradictions(capabilities: SinkCapabilities): readonly string[] {
  return rules.filter(({ broken }) => broken(capabilities)).map(({ says }) => says(capabilities))
}

interface Rule {
  readonly broken: (capabilities: SinkCapabilities) => boolean
  readonly says: (capabilities: SinkCapabilities) => string
}

const guaranteeOf: Readonly<Record<SinkMechanism, DeliveryGuarantee>> = {
  '2pc': 'exactly-once',
  'checkpoint-in-target': 'exactly-once',
  'idempotent-upsert': 'effectively-once',
  append: 'at-least-once',
}

const rules: readonly Rule[] = [
  {
    broken: ({ guarantee, mechanism }) => guarantee !== guaranteeOf[mechanism],
    says: ({ guarantee, mechanism }) =>
      `mechanism "${mechanism}" gives ${guaranteeOf[mechanism]}, and ${guarantee} is declared`,
  },
  {
    broken: (declared) => declared.order === 'per-split' && writesByKey(declared),
    says: () => 'what is written by key has no order',
  },
  {
    broken: ({ deletes, mechanism }) => deletes && mechanism === 'append',
    says: () => '"append" has no keys to delete by',
  },
  {
    broken: (declared) => commits(declared) && declared.visibility !== 'on-commit',
    says: ({ mechanism }) => `"${mechanism}" is visible on commit only`,
  },
  {
    broken: (declared) => commits(declared) && declared.maxPreparedAgeMs === undefined,
    says: ({ mechanism }) => `"${mechanism}" prepares: say maxPreparedAgeMs`,
  },
  {
    broken: (declared) => !commits(declared) && declared.visibility === 'on-commit',
    says: ({ mechanism }) => `"${mechanism}" has no commit to be visible on`,
  },
  {
    broken: (declared) => !commits(declared) && declared.fencing !== 'none',
    says: ({ mechanism }) => `"${mechanism}" has no prepared output to fence`,
  },
  {
    broken: (declared) => !commits(declared) && declared.maxPreparedAgeMs !== undefined,
    says: ({ mechanism }) => `"${mechanism}" prepares nothing that has an age`,
  },
]
