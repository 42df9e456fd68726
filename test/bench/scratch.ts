import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A folder that is removed when it is disposed of. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string
}

export async function scratchFolder(name: string): Promise<ScratchFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), `flinkts-bench-${name}-`))
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}
