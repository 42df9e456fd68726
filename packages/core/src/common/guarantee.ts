/**
 * What a job, or a sink, promises about every record.
 * - `exactly-once`: its effect is in the committed output once, whatever crashes.
 * - `effectively-once`: writes may repeat, but repeating them changes nothing (keyed, idempotent).
 * - `at-least-once`: nothing is lost; a crash may repeat some.
 *
 * @public
 */
export type DeliveryGuarantee = 'exactly-once' | 'effectively-once' | 'at-least-once'

/** The guarantees of sinks that a job with the guarantee `Job` may use. @public */
export type Accepts<Job extends DeliveryGuarantee> = Job extends 'exactly-once'
  ? 'exactly-once'
  : Job extends 'effectively-once'
    ? 'exactly-once' | 'effectively-once'
    : DeliveryGuarantee
