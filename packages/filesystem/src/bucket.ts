import { FlinktsError } from '@flinkts/core/connector'

/**
 * What a bucket can be made of, besides the record.
 *
 * @public
 */
export interface BucketContext {
  /** Event time of the record in milliseconds since 1970; `undefined`: it has none. */
  readonly timestamp: number | undefined
  /** The time of the machine in milliseconds since 1970. */
  readonly processingTime: number
}

/**
 * Names the directory of a record, relative to the sink's path, `/`-separated; empty: the path
 * itself. Called for every record, on the task's thread.
 *
 * @public
 */
export type BucketAssigner<In> = (record: In, context: BucketContext) => string

/**
 * Options of `timeBucket`.
 *
 * @public
 */
export interface TimeBucketOptions {
  /** The length of a bucket. */
  readonly every: 'day' | 'hour' | 'minute'
  /**
   * `event-time` (default): the timestamp of the record, so that a replay finds the same bucket.
   * `processing-time`: the time of writing.
   */
  readonly by?: 'event-time' | 'processing-time'
}

/**
 * Buckets by time in UTC: `date=2026-11-22`, `date=2026-11-22/hour=13`, and `…/minute=05` below it.
 *
 * @throws FlinktsError FLINKTS_BUCKET_INVALID by the assigner, for a record without a timestamp.
 * @public
 */
export function timeBucket(options: TimeBucketOptions): BucketAssigner<unknown> {
  const { every, by = 'event-time' } = options
  const bucketMs = lengthsMs[every]
  if (bucketMs === undefined || (by !== 'event-time' && by !== 'processing-time')) {
    throw new FlinktsError('FLINKTS_OPTION_INVALID', 'options of timeBucket are not valid', {
      hint:
        `Set "every" to one of: ${Object.keys(lengthsMs).join(', ')}; and "by" to one ` +
        'of: event-time, processing-time.',
    })
  }
  // Records come roughly in the order of time: mostly the bucket of the one before.
  let lastNumber = Number.NaN
  let last = ''
  return (_record, context) => {
    const time = by === 'event-time' ? context.timestamp : context.processingTime
    if (time === undefined) throw withoutTimestamp()
    const number = Math.floor(time / bucketMs)
    if (number !== lastNumber) {
      last = timeBucketName(number * bucketMs, every)
      lastNumber = number
    }
    return last
  }
}

/**
 * Buckets by the value of a field, as `country=DE`. Absent, null and empty values go to
 * `country=__HIVE_DEFAULT_PARTITION__`; characters that a path cannot hold are percent-encoded.
 *
 * @public
 */
export function fieldBucket<Field extends string>(
  field: Field,
): BucketAssigner<{ readonly [name in Field]?: FieldBucketValue }> {
  const prefix = `${encodeSegment(field)}=`
  return (record) => {
    const value = record[field]
    const text = value === undefined || value === null ? '' : String(value)
    return prefix + (text === '' ? '__HIVE_DEFAULT_PARTITION__' : encodeSegment(text))
  }
}

/**
 * The values that `fieldBucket` takes.
 *
 * @public
 */
export type FieldBucketValue = string | number | bigint | boolean | null | undefined

/**
 * Checks what an assigner returned: a segment that is empty, `.`, `..`, hidden or too long would
 * lead out of the sink's path, or hide the output.
 *
 * @throws FlinktsError FLINKTS_BUCKET_INVALID
 * @internal
 */
export function checkBucket(bucket: unknown): void {
  if (bucket === '') return
  if (typeof bucket === 'string' && bucket.split('/').every(isSegment)) return
  throw new FlinktsError(
    'FLINKTS_BUCKET_INVALID',
    `bucket ${typeof bucket === 'string' ? JSON.stringify(bucket) : String(bucket)} ` +
      'is not a directory name',
    {
      hint:
        'Return segments joined by "/", each of 1 to 200 bytes, without control ' +
        'characters, "\\" and a dot or underscore at the front.',
    },
  )
}

const lengthsMs = { day: 86_400_000, hour: 3_600_000, minute: 60_000 } as const
const SEGMENT_BYTES_MAX = 200

function timeBucketName(startMs: number, every: TimeBucketOptions['every']): string {
  const date = new Date(startMs)
  if (Number.isNaN(date.getTime())) throw withoutTimestamp()
  const text = date.toISOString()
  const day = `date=${text.slice(0, text.indexOf('T'))}`
  if (every === 'day') return day
  const hour = `${day}/hour=${String(date.getUTCHours()).padStart(2, '0')}`
  if (every === 'hour') return hour
  return `${hour}/minute=${String(date.getUTCMinutes()).padStart(2, '0')}`
}

function withoutTimestamp(): FlinktsError {
  return new FlinktsError('FLINKTS_BUCKET_INVALID', 'a record without a timestamp has no bucket', {
    hint:
      'Assign timestamps with a watermark strategy, or use timeBucket({ by: ' +
      '"processing-time" }).',
  })
}

/** The segment with everything but unreserved characters percent-encoded, also a first dot. */
function encodeSegment(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/^\./, '%2E').replaceAll('*', '%2A')
}

function isSegment(segment: string): boolean {
  // oxlint-disable-next-line no-control-regex
  if (segment === '' || /^[._]|[\u0000-\u001f\u007f\\]/.test(segment)) return false
  return Buffer.byteLength(segment) <= SEGMENT_BYTES_MAX
}
