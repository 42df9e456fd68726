import { type Prng, randomBelow } from '../../common/prng.ts'
import type { SimulatedStorage } from '../simulated-storage.ts'

/**
 * Damages a file of the newest completed checkpoint, as a fault of the disk would. A manifest is
 * never removed: a checkpoint without one does not exist.
 *
 * @returns what puts the file back, as from a backup; `undefined` if there is no checkpoint.
 * @internal
 */
export function damageNewest(disk: SimulatedStorage, prng: Prng): (() => void) | undefined {
  const paths = disk.paths()
  const manifest = paths.findLast((path) => /^chk-\d+\/manifest\.json$/.test(path))
  if (manifest === undefined) return undefined
  const directory = manifest.slice(0, manifest.indexOf('/') + 1)
  const files = paths.filter((path) => {
    return path === manifest || (path.startsWith(directory) && path.endsWith('.state'))
  })
  const path = files[randomBelow(prng, files.length)] ?? manifest
  const bytes = disk.content(path)
  if (bytes === undefined) return undefined
  disk.damage(path, damaged(prng, bytes, path !== manifest))
  return () => disk.damage(path, bytes)
}

function damaged(prng: Prng, bytes: Uint8Array, removable: boolean): Uint8Array | undefined {
  const kind = randomBelow(prng, removable ? 3 : 2)
  if (kind === 2) return undefined
  const at = randomBelow(prng, bytes.length)
  if (kind === 1) return bytes.slice(0, at)
  const flipped = bytes.slice()
  flipped[at] = (flipped[at] ?? 0) ^ (1 << randomBelow(prng, 8))
  return flipped
}
