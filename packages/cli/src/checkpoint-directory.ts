import { dirname, join, resolve } from 'node:path'

/**
 * Where the jobs of a file keep their checkpoints: `given`, from the working directory; else beside
 * the file, so that a job started from elsewhere finds them and does not begin anew.
 *
 * @internal
 */
export function checkpointDirectory(file: string, given: string | undefined): string {
  return given === undefined ? join(dirname(resolve(file)), '.flinkts') : resolve(given)
}
