#!/usr/bin/env node
// The published package holds `dist` only. In the workspace there is `src`, and it wins over a
// build that may be stale: Node strips the types, and the condition does it in every package.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`flinkts needs Node 22.18 or newer, and this is ${process.versions.node}.\n`)
  process.exit(2)
}

const source = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const condition = '--conditions=@flinkts/source'

if (!existsSync(source)) {
  await import('../dist/main.js')
} else if (process.execArgv.includes(condition)) {
  await import('../src/main.ts')
} else {
  // Replaces this process: same pid, same terminal, signals arrive where they should.
  process.execve(process.execPath, [process.execPath, condition, source, ...process.argv.slice(2)])
}
