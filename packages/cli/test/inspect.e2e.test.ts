import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { CommandRun } from './support/command-run.ts'
import { JobFolder } from './support/job-folder.ts'

const job = fileURLToPath(new URL('jobs/count.job.ts', import.meta.url))

function flinkts(folder: JobFolder, ...args: readonly string[]): CommandRun['ended'] {
  return new CommandRun(args, { cwd: folder.path }).ended
}

describe('flinkts explain', () => {
  test('shows the plan, the guarantees and where state lives, and creates nothing', async () => {
    using folder = new JobFolder('count')

    const { exitCode, stdout } = await flinkts(folder, 'explain', job, '--parallelism', '2')

    expect(exitCode).toBe(0)
    expect(stdout).toContain('Job "count"\n  guarantee       exactly-once\n')
    expect(stdout).toContain(
      '  count (2 subtasks)\n    from lines, hash\n    process count\n      sink files\n',
    )
    expect(stdout).toContain('bounded, replayable: files are read again from the byte position')
    expect(stdout).toContain('exactly-once: files are published by a rename')
    expect(stdout).toMatch(/ {2}count {2}state "count" \(value\) +heap, by key group/)
    expect(readdirSync(folder.path)).toEqual(['in'])
  })

  test('shows what the conformance kit found, beside what a connector promises', async () => {
    using folder = new JobFolder('count')

    const { stdout } = await flinkts(folder, 'explain', job)

    expect(stdout).toMatch(
      new RegExp(
        ' {4}exactly-once: files are .*\n {4}conformance: (\\d+) of \\1 checks \\(.*\\), ' +
          'up to \\d+ seeds, @flinkts/filesystem \\S+ \\(filesystem sink\\)\n',
      ),
    )
    expect(stdout).toMatch(/ \(filesystem source\)\n/)
  })

  test('shows what each thread runs', async () => {
    using folder = new JobFolder('count')

    const options = ['--parallelism', '3', '--threads', '2']
    const { stdout } = await flinkts(folder, 'explain', job, ...options)

    expect(stdout).toContain(
      'Threads: the main one coordinates, and writes the checkpoints\n' +
        '  main  no tasks\n' +
        '  0     lines-0, lines-2, count-0, count-2\n' +
        '  1     lines-1, count-1\n',
    )
  })

  test('prints the same as JSON', async () => {
    using folder = new JobFolder('count')

    const { stdout } = await flinkts(folder, 'explain', job, '--json', '--checkpoint-dir', 'state')

    expect(JSON.parse(stdout)).toMatchObject({
      checkpoints: join(folder.path, 'state', 'count'),
      plan: { jobName: 'count', guarantee: 'exactly-once' },
      sources: [
        {
          operatorId: 'lines',
          replayable: true,
          conformance: [{ connector: 'filesystem source' }],
        },
      ],
      sinks: [
        {
          operatorId: 'files',
          guarantee: 'exactly-once',
          conformance: [{ connector: 'filesystem sink', failed: 0 }],
        },
      ],
    })
  })
})

describe('flinkts check', () => {
  test('finds nothing wrong with a job that can start', async () => {
    using folder = new JobFolder('count')
    folder.fill(1)

    const { exitCode, stdout } = await flinkts(folder, 'check', job)

    expect(exitCode).toBe(0)
    expect(stdout).toBe('Job "count" can start: 0 errors, 0 warnings.\n')
  })

  test('shows every finding with its fix, errors first', async () => {
    using folder = new JobFolder('count')
    writeFileSync(join(folder.path, 'out'), 'a file')

    const { exitCode, stdout } = await flinkts(folder, 'check', job)

    expect(exitCode).toBe(3)
    expect(stdout).toMatch(
      /^Error in "files": .*\n {2}Fix: .*\nWarning in "lines": .*\n {2}Fix: .*\nJob "count" cannot/,
    )
  })

  test('shows what each thread runs', async () => {
    using folder = new JobFolder('count')

    const options = ['--parallelism', '3', '--threads', '2']
    const { stdout } = await flinkts(folder, 'explain', job, ...options)

    expect(stdout).toContain(
      'Threads: the main one coordinates, and writes the checkpoints\n' +
        '  main  no tasks\n' +
        '  0     lines-0, lines-2, count-0, count-2\n' +
        '  1     lines-1, count-1\n',
    )
  })

  test('prints the same as JSON', async () => {
    using folder = new JobFolder('count')
    writeFileSync(join(folder.path, 'out'), 'a file')

    const { exitCode, stdout } = await flinkts(folder, 'check', job, '--json')

    expect(exitCode).toBe(3)
    expect(JSON.parse(stdout)).toMatchObject({
      job: 'count',
      ready: false,
      findings: [
        { operatorId: 'lines', severity: 'warning', code: 'no-files' },
        { operatorId: 'files', severity: 'error' },
      ],
    })
  })
})

describe('flinkts', () => {
  test('exits with 2 for a command that it does not know', async () => {
    using folder = new JobFolder('count')

    const { exitCode, lines } = await flinkts(folder, 'rnu', job)

    expect(exitCode).toBe(2)
    expect(lines[0]).toBe("FLINKTS_ARGUMENT_INVALID: unknown command 'rnu'")
    expect(lines[1]).toContain('Did you mean run?')
  })

  test('prints the version of its package', async () => {
    using folder = new JobFolder('count')

    const { exitCode, stdout } = await flinkts(folder, '--version')

    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
