import { type ErrorCode, FlinktsError, messageOf, systemCodeOf } from '../common/errors.ts'

interface Explanation {
  readonly code: ErrorCode
  readonly problem: string
  readonly hint: string
}

const full: Explanation = {
  code: 'FLINKTS_STORAGE_FULL',
  problem: 'no space is left',
  hint: 'Free space there, or raise the quota. The job goes on from its last checkpoint.',
}

const denied: Explanation = {
  code: 'FLINKTS_STORAGE_UNWRITABLE',
  problem: 'it may not be written',
  hint: 'Let the user that runs the job write to that directory, or choose another one.',
}

const notDirectory: Explanation = {
  code: 'FLINKTS_STORAGE_UNWRITABLE',
  problem: 'a part of the path is not a directory',
  hint: 'Choose another directory, or remove the file that is in its place.',
}

const unlinkable: Explanation = {
  code: 'FLINKTS_STORAGE_UNWRITABLE',
  problem: 'the file system lacks an operation',
  hint: 'Choose a directory of a file system with hard links, such as ext4, xfs, APFS or NTFS.',
}

/** What the system's codes mean when something is created, changed or removed. */
const explanations: ReadonlyMap<string, Explanation> = new Map([
  ['ENOSPC', full],
  ['EDQUOT', full],
  ['EACCES', denied],
  ['EPERM', denied],
  ['EROFS', denied],
  ['ENOTDIR', notDirectory],
  ['EEXIST', notDirectory],
  ['ENOTSUP', unlinkable],
  ['EOPNOTSUPP', unlinkable],
])

/**
 * The error of a file operation, explained. What did not come from the file system (the chunks of a
 * write may throw) is given back as it is.
 *
 * @internal
 */
export function toStorageError(
  thrown: unknown,
  operation: 'read' | 'write' | 'create' | 'rename' | 'remove',
  file: string,
): unknown {
  const systemCode = systemCodeOf(thrown)
  if (systemCode === undefined || thrown instanceof FlinktsError) return thrown
  const known = operation === 'read' ? undefined : explanations.get(systemCode)
  const code = known?.code ?? 'FLINKTS_STORAGE_FAILED'
  const problem = known?.problem ?? messageOf(thrown)
  return new FlinktsError(
    code,
    `file '${file}' could not be ${participles[operation]}: ${problem}`,
    {
      hint: known?.hint ?? 'Look at the health of that file system and at the rights on the file.',
      cause: thrown,
    },
  )
}

const participles = {
  read: 'read',
  write: 'written',
  create: 'created',
  rename: 'renamed',
  remove: 'removed',
} as const
