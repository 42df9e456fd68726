import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ProveFlags, runCommandLine } from '../../src/command-line.ts'
import { crashPoints } from '../../src/prove/crash-points.ts'

const page = readFileSync(new URL('../../../../docs/prove.md', import.meta.url), 'utf8')
const commands = page.match(/(?<=^npx flinkts )prove.*$/gm) ?? []

/** As a shell would take it apart. */
function argumentsOf(command: string): readonly string[] {
  const [words = ''] = command.split(/ +# /)
  return words.split(' ').map((word) => word.replaceAll("'", ''))
}

function unused(): Promise<never> {
  return Promise.reject(new Error('the page is about prove'))
}

describe('the page about proving', () => {
  test('lists the points', () => {
    const rows = page.match(/^\| `[KS]\d+` .*$/gm)

    expect(rows).toEqual(crashPoints.map(({ name, when }) => `| \`${name}\` | ${when} |`))
  })

  test('has commands', () => {
    expect(commands).toHaveLength(5)
  })

  test.each(commands)('gives a command that is one: %s', async (command) => {
    const calls: (readonly [string, ProveFlags])[] = []
    const prove = (file: string, flags: ProveFlags): Promise<0> => {
      calls.push([file, flags])
      return Promise.resolve(0)
    }

    await runCommandLine(argumentsOf(command), {
      ...{ version: unused, run: unused, explain: unused, check: unused, prove },
    })

    expect(calls).toMatchObject([['job.ts', { timeout: 60 }]])
  })
})
