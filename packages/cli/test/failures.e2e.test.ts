import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandRun } from './support/command-run.ts'
import { JobFolder, logged, reportedError } from './support/job-folder.ts'
import { containing, matching } from './support/matchers.ts'

describe('a job that fails', () => {
  test('shows the record and the cause, once its restarts are used up', async () => {
    using folder = new JobFolder('faulty', { FAULT: 'throws' })
    folder.fill(10)

    const result = await folder.run()

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({
      level: 'error',
      code: 'FLINKTS_RESTARTS_EXHAUSTED',
      causes: [
        matching(/^FLINKTS_USER_FUNCTION_FAILED: .*"lines\.map".*\{"id":3,/),
        matching(/^TypeError: no three \(at .*faulty\.job\.ts:\d+:\d+\)$/),
        matching(/^RangeError: three is out of range/),
      ],
    })
    const restarted = 'the job failed and starts again from its last checkpoint'
    expect(logged(result.lines, restarted)).toHaveLength(2)
  })

  test.each(['null-key', 'nan-key', 'object-key'])('ends at once with a %s', async (FAULT) => {
    using folder = new JobFolder('faulty', { FAULT })
    folder.fill(10)

    const result = await folder.run()

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({
      code: 'FLINKTS_KEY_INVALID',
      message: containing('keyed'),
    })
  })

  test.each([
    ['throws-later', 'a timer failed'],
    ['rejects-later', 'a promise failed'],
  ])('fails when something %s', async (FAULT, message) => {
    using folder = new JobFolder('faulty', { FAULT })
    folder.fill(10)

    const result = await folder.run()

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({
      code: 'FLINKTS_PROCESS_FAILED',
      message: containing(message),
      causes: [matching(/^TypeError: .*faulty\.job\.ts/)],
    })
  })

  test('fails when its code ends the process', async () => {
    using folder = new JobFolder('faulty', { FAULT: 'exits' })
    folder.fill(10)

    const result = await folder.run()

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({ code: 'FLINKTS_PROCESS_FAILED' })
  })

  test('says which directory cannot hold its checkpoints', async () => {
    using folder = new JobFolder('count')
    folder.fill(10)
    writeFileSync(join(folder.path, 'checkpoints'), 'a file')

    const result = await folder.run()

    expect(result.exitCode).toBe(1)
    expect(reportedError(result)).toMatchObject({
      code: 'FLINKTS_STORAGE_UNWRITABLE',
      message: containing(join(folder.path, 'checkpoints')),
    })
  })

  test('is refused with all that its checks found', async () => {
    using folder = new JobFolder('count')
    folder.fill(10)
    writeFileSync(join(folder.path, 'out'), 'a file')

    const result = await folder.run()

    expect(result.exitCode).toBe(3)
    expect(JSON.parse(result.lines.at(-2) ?? '')).toMatchObject({
      level: 'error',
      operator: 'files',
      hint: matching(/./),
    })
    expect(reportedError(result)).toMatchObject({ code: 'FLINKTS_PREFLIGHT_FAILED' })
    expect(folder.output).toThrow()
  })
})

describe('a job file', () => {
  const files: Readonly<Record<string, { text: string; code: string; says: RegExp }>> = {
    'with an error of syntax': {
      text: 'export default 1\nconst a: number = ;\n',
      code: 'FLINKTS_JOB_FILE_INVALID',
      says: /const a: number = ;\n\s*\^[^]*\(at job\.ts:2\)/,
    },
    'with syntax that is more than types': {
      text: 'export enum Kind { A }\n',
      code: 'FLINKTS_JOB_FILE_INVALID',
      says: /erasableSyntaxOnly/,
    },
    'without a default export': {
      text: 'export const job = 1\n',
      code: 'FLINKTS_JOB_FILE_INVALID',
      says: /has no default export/,
    },
    'that exports something else': {
      text: 'export default [1]\n',
      code: 'FLINKTS_JOB_FILE_INVALID',
      says: /exports an array by default/,
    },
    'that throws': {
      text: 'const settings: any = undefined\nexport default settings.path\n',
      code: 'FLINKTS_JOB_FILE_INVALID',
      says: /TypeError: .*\(at job\.ts:2:\d+\)/,
    },
    'that imports what is not installed': {
      text: "import 'flinkts-not-there'\n",
      code: 'FLINKTS_JOB_FILE_INVALID',
      says: /npm install flinkts-not-there/,
    },
    'that is never loaded': {
      text: 'await new Promise(() => {})\n',
      code: 'FLINKTS_JOB_FILE_INVALID',
      says: /waits, while it is loaded/,
    },
  }

  test.each(Object.entries(files))('%s is explained', async (_name, { text, code, says }) => {
    using folder = new JobFolder('count')
    writeFileSync(join(folder.path, 'job.ts'), text)

    const run = new CommandRun(['run', 'job.ts', '--no-json'], { cwd: folder.path })
    const { exitCode, lines } = await run.ended

    expect(exitCode).toBe(2)
    expect(lines[0]).toMatch(new RegExp(`^${code}: job file "job.ts"`))
    expect(lines.join('\n')).toMatch(says)
  })

  test('that does not exist is named', async () => {
    using folder = new JobFolder('count')

    const run = new CommandRun(['check', 'nowhere.ts'], { cwd: folder.path })
    const { exitCode, lines } = await run.ended

    expect(exitCode).toBe(2)
    expect(lines[0]).toBe('FLINKTS_JOB_FILE_NOT_FOUND: job file "nowhere.ts" does not exist')
  })

  test('with one operator id for two operators keeps the code of that error', async () => {
    using folder = new JobFolder('faulty', { FAULT: 'duplicate-id' })

    const result = await folder.run(['--no-json'])

    expect(result.exitCode).toBe(2)
    expect(result.lines[0]).toMatch(/^FLINKTS_OPERATOR_ID_DUPLICATE: .*"files"/)
  })
})
