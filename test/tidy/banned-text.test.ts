import { describe, expect, test } from 'vitest'
import {
  bannedEverywhere,
  bannedInCode,
  bannedInCore,
  bannedInTests,
  bannedMachine,
} from './banned-text.ts'
import type { Rule } from './source-file.ts'

function check(rule: Rule, path: string, text: string): readonly string[] {
  return rule([{ path, text: `const before = 1\n${text}\n` }])
}

describe('in core', () => {
  const path = 'packages/core/src/task/mailbox.ts'

  test.each([
    'const now = Date.now()',
    'const clock = Date.now',
    'const now = new Date()',
    'performance.now()',
    'setTimeout(run, 1)',
    'setInterval(run, 1)',
    'setImmediate(run)',
    'queueMicrotask(run)',
    'Math.random()',
    'crypto.randomUUID()',
    'if (process.env.DEBUG) run()',
    'console.log(1)',
    "import { readFile } from 'node:fs/promises'",
    "const fs = await import('node:fs')",
  ])('%s is banned', (text) => {
    const [problem = '', ...more] = check(bannedInCore, path, text)

    expect(problem).toMatch(/^packages\/core\/src\/task\/mailbox\.ts:2: .+: .+/)
    expect(more).toEqual([])
  })

  test.each([
    'const day = new Date(timestamp)',
    'this.#scheduler.setTimeout(run, 1)',
    'operator.process.call(record)',
    "import { Process } from './process.ts'",
    "throw new Error('stop the other process.')",
    ' * Unlike `Math.random`, a seed replays.',
    "import { Buffer } from 'node:buffer'",
  ])('%s is fine', (text) => {
    expect(check(bannedInCore, path, text)).toEqual([])
  })

  test('the platform may use Node', () => {
    const text = 'setTimeout(() => process.exit(), Date.now())'

    expect(check(bannedInCore, 'packages/core/src/platform/node-clock.ts', text)).toEqual([])
    expect(check(bannedInCore, 'packages/cli/src/run.ts', text)).toEqual([])
  })
})

test.each([
  'parse(value as any)',
  'parse(value as unknown as Row)',
  "test.only('x', run)",
  "describe.concurrent.skip('x', run)",
  "it.skipIf(slow)('x', run)",
  "test.todo('x')",
  'const fake = vi.fn()',
  "vi.mock('pg')",
])('%s is banned in code', (text) => {
  expect(check(bannedInCode, 'packages/core/test/a.test.ts', text)).toHaveLength(1)
})

test.each(['rows.skip(1)', 'value as unknown', 'test.each(rows)', '// @ts-expect-error: wrong'])(
  '%s is fine in code',
  (text) => {
    expect(check(bannedInCode, 'packages/core/test/a.test.ts', text)).toEqual([])
  },
)

test.each(['// TODO: later', '/* FIXME */', '// XXX', '// @ts-ignore: later', '  // @ts-nocheck'])(
  '%s is banned, in comments too',
  (text) => {
    expect(check(bannedEverywhere, 'scripts/check.ts', text)).toHaveLength(1)
  },
)

describe('in tests', () => {
  test.each([
    'await new Promise((resolve) => setTimeout(resolve, 100))',
    "import { setTimeout as wait } from 'node:timers/promises'",
    'await sleep(100)',
  ])('%s is banned', (text) => {
    expect(check(bannedInTests, 'connectors/kafka/test/a.integration.test.ts', text)).toEqual([
      expect.stringContaining(':2: '),
    ])
  })

  test('helpers and fakes may set timers', () => {
    expect(check(bannedInTests, 'test/services/wait.ts', 'setTimeout(run, 1)')).toEqual([])
    expect(check(bannedInTests, 'test/a.test.ts', 'fake.setTimeout(run, 1)')).toEqual([])
  })
})

/** Put together here, so that this file names none of them. */
const host = (...labels: readonly string[]): string => labels.join('.')

describe('of one machine', () => {
  test.each([
    `npm install --registry https://${host('registry', 'npmjs', 'org')}`,
    `--registry=${host('registry', 'yarnpkg', 'com')}`,
    `FROM ${host('docker', 'io')}/library/postgres`,
    `login ${host('index', 'docker', 'io')}`,
    `image: ${host('ghcr', 'io')}/someone/something`,
    `login ${host('quay', 'io')}`,
    `login ${host('mcr', 'microsoft', 'com')}`,
    `curl https://${host('repo1', 'maven', 'org')}/maven2`,
    `curl https://${host('repo', 'maven', 'apache', 'org')}/maven2`,
    `deb https://${host('deb', 'debian', 'org')}/debian bookworm main`,
    `deb https://${host('archive', 'ubuntu', 'com')}/ubuntu noble main`,
    `GOPROXY=https://${host('proxy', 'golang', 'org')}`,
    `pip install --index-url https://${host('pypi', 'org')}/simple`,
    'See /work/main/README.md.',
    "const key = '/root/.ssh/id'",
    'cd "/home/someone/flinkts"',
    'file:///Users/someone/flinkts',
    '"resolved": "https://example.org/a.tgz"',
  ])('%s is banned', (text) => {
    expect(check(bannedMachine, 'README.md', text)).toHaveLength(1)
  })

  test.each([
    'apt-get install docker.io iptables',
    'https://github.com/work/home',
    './work/in-progress',
    'data/home/index.ts',
  ])('%s is fine', (text) => {
    expect(check(bannedMachine, 'README.md', text)).toEqual([])
  })
})
