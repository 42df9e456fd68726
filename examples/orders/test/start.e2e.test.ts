import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const start = fileURLToPath(new URL('../src/start.ts', import.meta.url))

let directory: string

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'flinkts-start-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

describe('npm start', () => {
  test('kills the job and shows that nothing was lost or repeated', async () => {
    const args = ['--kills', '2', '--seconds', '12', '--rows', '500', '--directory', directory]

    const { code, output } = await run(args).ended

    expect(output).toMatch(/KILL -9 no\. 2/)
    expect(output).toMatch(/kills +2\n/)
    expect(output).toMatch(/lost +0\n/)
    expect(output).toMatch(/duplicated +0\n/)
    expect(output).toMatch(/altered +0\n/)
    expect(code).toBe(0)
    expect(readdirSync(directory)).toEqual(['output'])
    expect(readdirSync(path.join(directory, 'output')).toSorted()).toEqual(['changes', 'revenue'])
  })

  test('leaves nothing behind when it is interrupted', async () => {
    const started = run(['--seconds', '60', '--rows', '500', '--directory', directory])
    await started.says('the job runs')
    started.interrupt()

    const { code, output } = await started.ended

    expect(code).toBe(130)
    expect(existsSync(directory)).toBe(false)
    const port = Number(/answers on port (\d+)/.exec(output)?.[1])
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' },
    })
  })

  test('refuses an option that it does not know', async () => {
    const { code, output } = await run(['--kils', '5']).ended

    expect(code).toBe(2)
    expect(output).toContain('--kils')
  })
})

interface Run {
  /** Resolves when a line that contains `text` is printed; rejects if the run ends before. */
  says(text: string): Promise<void>
  interrupt(): void
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>
}

function run(args: readonly string[]): Run {
  const child = spawn(process.execPath, [...process.execArgv, start, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const waiting = new Map<string, () => void>()
  const take = (chunk: string): void => {
    output += chunk
    for (const [text, resolve] of waiting) if (output.includes(text)) resolve()
  }
  child.stdout.setEncoding('utf8').on('data', take)
  child.stderr.setEncoding('utf8').on('data', take)
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }))
  return {
    says: (text) =>
      Promise.race([
        new Promise<void>((resolve) => waiting.set(text, resolve)),
        ended.then(() =>
          Promise.reject(new Error(`it ended without saying "${text}":\n${output}`)),
        ),
      ]),
    interrupt: () => child.kill('SIGINT'),
    ended,
  }
}
