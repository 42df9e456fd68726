import { constants } from 'node:fs'
import { basename, dirname } from 'node:path'
import { messageOf, systemCodeOf } from '@flinkts/core/connector'
import type { Finding } from '@flinkts/core/connector'
import type { FileOperations } from './file-operations.ts'
import { absentAsUndefined } from './storage-error.ts'

/** What keeps a job from reading a directory. Changes nothing. @internal */
export async function checkReadable(
  files: FileOperations,
  directory: string,
): Promise<readonly Finding[]> {
  try {
    await files.access(directory, constants.R_OK | constants.X_OK)
    return []
  } catch (cause) {
    return [
      {
        severity: 'error',
        code: 'directory-unreadable',
        message: `directory "${directory}" cannot be read: ${messageOf(cause)}`,
        hint: 'Create it, or give the user of the job the right to read it.',
      },
    ]
  }
}

/** What keeps a job from creating a directory and writing into it. Changes nothing. @internal */
export async function checkWritable(
  files: FileOperations,
  directory: string,
): Promise<readonly Finding[]> {
  try {
    const found = await absentAsUndefined(files.stat(directory))
    if (found === undefined) return await checkWritable(files, dirname(directory))
    if (!found.isDirectory()) return [unwritable(directory, `"${basename(directory)}" is a file`)]
    await files.access(directory, constants.W_OK | constants.X_OK)
    return []
  } catch (cause) {
    if (systemCodeOf(cause) === 'ENOTDIR') return checkWritable(files, dirname(directory))
    return [unwritable(directory, messageOf(cause))]
  }
}

function unwritable(directory: string, reason: string): Finding {
  return {
    severity: 'error',
    code: 'directory-unwritable',
    message: `directory "${directory}" cannot be written: ${reason}`,
    hint: 'Give the user of the job the right to write there, or choose another path.',
  }
}
