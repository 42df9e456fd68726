/** Who writes a part file. @internal */
export interface PartOwner {
  readonly jobId: string
  readonly operatorId: string
  readonly attempt: number
  readonly subtask: number
}

/**
 * Where an upload begins: `<bucket>/<jobId>-<attempt>-<subtask>-<sequence>-<operatorId>`. Nothing
 * follows the operator id, and numbers come before it, so no owner's name can be read as another's.
 *
 * @internal
 */
export function uploadPath(owner: PartOwner, bucket: string, sequence: number): string {
  const { jobId, attempt, subtask } = owner
  const name = `${jobId}-${attempt}-${subtask}-${sequence}-${encodedOperatorId(owner)}`
  return inBucket(bucket, name)
}

/** What the names of all uploads of a job begin with. @internal */
export function uploadNamePrefix(owner: PartOwner): string {
  return `${owner.jobId}-`
}

/**
 * Whether the upload belongs to an attempt of the same job and operator before the owner's.
 *
 * @internal
 */
export function isOfEarlierAttempt(owner: PartOwner, uploadName: string): boolean {
  const prefix = uploadNamePrefix(owner)
  const parts = /^(\d+)-\d+-\d+-(.+)$/.exec(uploadName.slice(prefix.length))
  if (!uploadName.startsWith(prefix) || parts === null) return false
  return Number(parts[1]) < owner.attempt && parts[2] === encodedOperatorId(owner)
}

/** Where a part file becomes visible. @internal */
export interface FinalName {
  readonly bucket: string
  readonly filePrefix: string
  readonly extension: string
  /** The checkpoint that publishes it. */
  readonly checkpointId: number
  /** Its place among the files of the subtask in the checkpoint, from 0. */
  readonly index: number
}

/**
 * `<bucket>/part-<checkpoint>-<subtask>-<index>-<operatorId>-<jobId>-<attempt>.jsonl`: unique for
 * ever, and in a bucket, names sort in the order in which checkpoints published them.
 *
 * @internal
 */
export function finalPath(owner: PartOwner, name: FinalName): string {
  const { bucket, filePrefix, extension, checkpointId, index } = name
  const order = `${padded(checkpointId, 10)}-${padded(owner.subtask, 4)}-${padded(index, 5)}`
  const writer = `${encodedOperatorId(owner)}-${owner.jobId}-${owner.attempt}`
  return inBucket(bucket, `${filePrefix}-${order}-${writer}${extension}`)
}

function inBucket(bucket: string, name: string): string {
  return bucket === '' ? name : `${bucket}/${name}`
}

function encodedOperatorId(owner: PartOwner): string {
  return encodeURIComponent(owner.operatorId)
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
