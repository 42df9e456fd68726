import { assert } from '../common/assert.ts'

/**
 * Checks a path as `Storage` wants it: relative, `/`-separated, without empty, `.` and `..` parts.
 *
 * @throws FlinktsError FLINKTS_ASSERTION_FAILED: nothing outside of the root is reachable.
 * @internal
 */
export function assertStoragePath(path: string): void {
  const parts = path.split('/')
  const plain = parts.every((part) => part !== '' && part !== '.' && part !== '..')
  assert(plain && !/[\\\0]/.test(path), `'${path}' is not a path of a storage`)
}
