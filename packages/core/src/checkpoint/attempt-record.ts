import { FlinktsError } from '../common/errors.ts'
import { JsonFields, parseJson } from './json-fields.ts'
import type { ProcessIdentity } from './process-probe.ts'

/** The content of `lease.json`: who holds an attempt, and since when it is silent. @internal */
export interface AttemptRecord {
  /** From 1. */
  readonly attempt: number
  /** The lineage of checkpoints; see `ConnectorContext.jobId`. */
  readonly jobId: string
  readonly holder: ProcessIdentity
  /** No checkpoint id below this one is used by this attempt or a later one. */
  readonly nextCheckpointId: number
  /** Milliseconds since 1970, by the holder's clock. */
  readonly claimedAtMs: number
  /** Milliseconds since 1970, by the holder's clock. */
  readonly renewedAtMs: number
  /** The holder has stopped in good order. */
  readonly released: boolean
}

const format = 'flinkts-attempt'
const formatVersion = 1

/** The bytes of `lease.json`. @internal */
export function encodeAttemptRecord(record: AttemptRecord): Uint8Array {
  const document = { format, version: formatVersion, ...record }
  return new TextEncoder().encode(`${JSON.stringify(document, undefined, 2)}\n`)
}

/**
 * Reads the bytes of `lease.json`; everything is checked.
 *
 * @throws FlinktsError FLINKTS_CHECKPOINT_CORRUPT if they are truncated or changed,
 * FLINKTS_STATE_UNREADABLE if a release with another format wrote them.
 * @internal
 */
export function decodeAttemptRecord(bytes: Uint8Array): AttemptRecord {
  const fields = new JsonFields(parseJson(bytes, 'the attempt record'), 'attempt')
  fields.oneOf('format', [format])
  const version = fields.integer('version', 1)
  if (version !== formatVersion) {
    throw new FlinktsError(
      'FLINKTS_STATE_UNREADABLE',
      `the attempt record has version ${version}, this release reads ${formatVersion}`,
      { hint: 'Run the job with the release of flinkts that ran it last, or a newer one.' },
    )
  }
  const record: AttemptRecord = {
    attempt: fields.integer('attempt', 1),
    jobId: fields.string('jobId'),
    holder: parseHolder(fields.object('holder')),
    nextCheckpointId: fields.integer('nextCheckpointId', 1),
    claimedAtMs: fields.integer('claimedAtMs', 0),
    renewedAtMs: fields.integer('renewedAtMs', 0),
    released: fields.boolean('released'),
  }
  fields.end()
  return record
}

function parseHolder(fields: JsonFields): ProcessIdentity {
  const holder: ProcessIdentity = {
    host: fields.string('host'),
    pidSpace: fields.string('pidSpace'),
    pid: fields.integer('pid', 0),
    ...(fields.has('processStart') ? { processStart: fields.string('processStart') } : {}),
    nonce: fields.string('nonce'),
  }
  fields.end()
  return holder
}
