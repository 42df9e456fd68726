import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { blocks } from './page.ts'

const example = fileURLToPath(new URL('..', import.meta.url))
const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
const config = `export default {
  resolve: { conditions: ['@flinkts/source'] },
  ssr: { resolve: { conditions: ['@flinkts/source'] } },
}`

test('the broken line on the page about writing a connector fails as the page says', async () => {
  const [diff = ''] = await blocks('diff')
  const [said = ''] = await blocks('text')
  const [old, broken] = ['-', '+'].map((sign) =>
    diff.split('\n').flatMap((line) => (line.startsWith(sign) ? [line.slice(1)] : [])),
  )
  const copy = await mkdtemp(join(tmpdir(), 'flinkts-spool-copy-'))
  try {
    for (const folder of ['src', 'test']) {
      await cp(join(example, folder), join(copy, folder), { recursive: true })
    }
    await cp(join(example, 'package.json'), join(copy, 'package.json'))
    await symlink(modules, join(copy, 'node_modules'))
    await writeFile(join(copy, 'vitest.config.mjs'), config)
    const sink = await readFile(join(copy, 'src/sink.ts'), 'utf8')
    const [before, after, ...more] = sink.split(`${old?.join('\n')}\n`)
    expect(more).toEqual([])
    await writeFile(join(copy, 'src/sink.ts'), `${before}${broken?.join('\n')}\n${after}`)

    const { failed, output } = await vitest(copy)

    expect(failed).toBe(true)
    for (const line of said.trim().split('\n')) expect(output).toContain(line.trim())
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
})

/** Runs the checks of the sink that need no process. */
function vitest(folder: string): Promise<{ readonly failed: boolean; readonly output: string }> {
  const args = ['run', 'test/sink-conformance.e2e.test.ts', '-t', 'prepared.expiredIsLoud']
  const env = { ...process.env, NO_COLOR: '1' }
  return new Promise((resolve) => {
    const main = join(modules, 'vitest/vitest.mjs')
    execFile(process.execPath, [main, ...args], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, output: stdout + stderr })
    })
  })
}
