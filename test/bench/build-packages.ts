import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** For benches that measure flinkts as users get it, not from its sources. */
export function buildPackages(): void {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const turbo = path.join(root, 'node_modules', '.bin', 'turbo')
  execFileSync(turbo, ['run', 'build', '--output-logs=errors-only'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
