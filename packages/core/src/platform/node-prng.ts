import { randomBytes } from 'node:crypto'
import type { Prng } from '../common/prng.ts'

/** Random numbers of the operating system: they name lineages, and must not repeat. @internal */
export class NodePrng implements Prng {
  next(): number {
    return randomBytes(4).readUInt32BE() / 2 ** 32
  }
}
