import { FlinktsError, messageOf, systemCodeOf } from '@flinkts/core/connector'

/**
 * The error of a file operation, with the code that says whether trying again may help.
 *
 * @internal
 */
export function storageError(what: string, cause: unknown): FlinktsError {
  if (cause instanceof FlinktsError) return cause
  const systemCode = systemCodeOf(cause) ?? ''
  const message = `${what} failed: ${messageOf(cause)}`
  if (fullCodes.has(systemCode)) {
    return new FlinktsError('FLINKTS_STORAGE_FULL', message, {
      hint:
        'Free space on the volume, or raise the quota; the job goes on from its last ' +
        'checkpoint.',
      cause,
    })
  }
  if (unwritableCodes.has(systemCode)) {
    return new FlinktsError('FLINKTS_STORAGE_UNWRITABLE', message, {
      hint: 'Give the user of the job the right to read and write there, or choose another path.',
      cause,
    })
  }
  return new FlinktsError('FLINKTS_STORAGE_FAILED', message, {
    hint: 'See the cause. If it lasts, check the volume.',
    cause,
  })
}

const fullCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT'])
const unwritableCodes: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOTDIR',
  'EISDIR',
  'ENAMETOOLONG',
])

/** The result; `undefined` if there is no such file or directory. @internal */
export async function absentAsUndefined<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}
