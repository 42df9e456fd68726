import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A copy of the workspace that can be broken. Removed by `Symbol.dispose`. */
export interface ScratchCopy extends Disposable {
  readonly root: string
}

/** Copies every file that git knows or would take, and links to the installed dependencies. */
export function scratchCopy(workspace: string): ScratchCopy {
  const root = mkdtempSync(path.join(tmpdir(), 'flinkts-mutants-'))
  for (const file of filesOf(workspace)) {
    const copy = path.join(root, file)
    mkdirSync(path.dirname(copy), { recursive: true })
    cpSync(path.join(workspace, file), copy, { verbatimSymlinks: true })
  }
  linkDependencies(workspace, root)
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) }
}

function filesOf(workspace: string): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const listed = execFileSync('git', args, { cwd: workspace, encoding: 'utf8' }).split('\0')
  // Git still lists what was removed since the last commit.
  return listed.filter((file) => file !== '' && existsSync(path.join(workspace, file)))
}

function linkDependencies(workspace: string, root: string): void {
  const installed = path.join(workspace, 'node_modules')
  const linked = path.join(root, 'node_modules')
  mkdirSync(linked)
  for (const name of readdirSync(installed)) {
    // Caches of tools; theirs are not ours to write.
    if (name.startsWith('.') && name !== '.bin') continue
    const from = path.join(installed, name)
    const to = path.join(linked, name)
    // The links of the workspace's packages are relative: as they are, they lead into the copy.
    if (isOfWorkspace(name)) cpSync(from, to, { recursive: true, verbatimSymlinks: true })
    else symlinkSync(from, to)
  }
}

function isOfWorkspace(name: string): boolean {
  return name === '@flinkts' || name.startsWith('flinkts')
}
