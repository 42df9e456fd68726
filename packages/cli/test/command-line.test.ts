import { describe, expect, test } from 'vitest'
import { type CommandHandlers, runCommandLine } from '../src/command-line.ts'
import { crashPoints } from '../src/prove/crash-points.ts'
import { containing } from './support/matchers.ts'

interface Call {
  readonly command: string
  readonly file: string
  readonly flags: object
}

async function parse(
  ...argv: readonly string[]
): Promise<{ exitCode: number; calls: readonly Call[]; out: string; err: string }> {
  const calls: Call[] = []
  let out = ''
  let err = ''
  const handle =
    (command: string) =>
    (file: string, flags: object): Promise<0> => {
      calls.push({ command, file, flags })
      return Promise.resolve(0)
    }
  const handlers: CommandHandlers = {
    version: () => Promise.resolve('1.2.3'),
    run: handle('run'),
    explain: handle('explain'),
    check: handle('check'),
    prove: handle('prove'),
  }
  const exitCode = await runCommandLine(argv, handlers, {
    writeOut: (text) => {
      out += text
    },
    writeErr: (text) => {
      err += text
    },
  })
  return { exitCode, calls, out, err }
}

describe('the command line', () => {
  test('reads the options of run', async () => {
    const { calls } = await parse(
      ...['run', 'job.ts', '--checkpoint-dir', 'state', '--parallelism', '4', '--from'],
      ...['chk-000042', '--json', '--log-level', 'debug', '--verbose'],
    )

    expect(calls).toEqual([
      {
        command: 'run',
        file: 'job.ts',
        flags: {
          checkpointDir: 'state',
          parallelism: 4,
          from: 42,
          json: true,
          logLevel: 'debug',
          verbose: true,
        },
      },
    ])
  })

  test('reads the options of prove', async () => {
    const { calls } = await parse(
      ...['prove', 'job.ts', '--points', 'K4,S2@lines#3', '--kills', '2', '--seed', '7', '--keep'],
      ...['--timeout', '9', '--parallelism', '2'],
    )

    expect(calls).toEqual([
      {
        command: 'prove',
        file: 'job.ts',
        flags: {
          points: [{ point: 'K4' }, { point: 'S2', operatorId: 'lines', nth: 3 }],
          kills: 2,
          seed: 7,
          keep: true,
          timeout: 9,
          parallelism: 2,
        },
      },
    ])
  })

  test('lists every crash point in the help of prove', async () => {
    const { out } = await parse('prove', '--help')

    for (const { name, when } of crashPoints)
      expect(out).toContain(`  ${name.padEnd(3)}  ${when}\n`)
  })

  test.each([
    ['--points', 'K13', 'Points are K1 to K12 and S1 to S8, as in K4,S2 or K4@files#3.'],
    ['--kills', '0', 'Use a whole number from 1.'],
    ['--timeout', 'soon', 'Use a whole number from 1.'],
  ])('refuses to prove with %s %s', async (option, value, hint) => {
    await expect(parse('prove', 'job.ts', option, value)).rejects.toMatchObject({
      code: 'FLINKTS_ARGUMENT_INVALID',
      hint: containing(hint),
    })
  })

  test('leaves out what is not said', async () => {
    const run = await parse('run', 'job.ts')
    const check = await parse('check', 'job.ts')

    expect(run.calls[0]?.flags).toEqual({ logLevel: 'info' })
    expect(check.calls[0]?.flags).toEqual({})
  })

  test.each(['42', 'chk-42', 'chk-000042'])('takes %s for checkpoint 42', async (name) => {
    const { calls } = await parse('run', 'job.ts', '--from', name)

    expect(calls[0]?.flags).toMatchObject({ from: 42 })
  })

  test('logs for people if it is told to', async () => {
    const { calls } = await parse('run', 'job.ts', '--no-json')

    expect(calls[0]?.flags).toMatchObject({ json: false })
  })

  test.each([
    ['rnu', 'run'],
    ['exlain', 'explain'],
    ['chekc', 'check'],
  ])('suggests a command for %s', async (wrong, right) => {
    await expect(parse(wrong, 'job.ts')).rejects.toMatchObject({
      code: 'FLINKTS_ARGUMENT_INVALID',
      message: `unknown command '${wrong}'`,
      hint: containing(`Did you mean ${right}?`),
    })
  })

  test('suggests an option for one that is mistyped', async () => {
    await expect(parse('run', 'job.ts', '--paralelism', '3')).rejects.toMatchObject({
      code: 'FLINKTS_ARGUMENT_INVALID',
      message: "unknown option '--paralelism'",
      hint: containing('Did you mean --parallelism?'),
    })
  })

  test('tells who forgets the command how to run a file', async () => {
    await expect(parse('jobs/orders.job.ts')).rejects.toMatchObject({
      hint: containing('flinkts run jobs/orders.job.ts'),
    })
  })

  test.each([
    ['--parallelism', '0', 'Use a whole number from 1.'],
    ['--threads', '257', 'Use a whole number from 0 to 256.'],
    ['--thread-heap-mib', '31', 'Use a whole number from 32.'],
    ['--parallelism', 'two', 'Use a whole number from 1.'],
    ['--from', 'last', 'Name it like its directory, chk-000042, or by its number, 42.'],
    ['--log-level', 'loud', 'Allowed choices are debug, info, warn, error.'],
  ])('refuses %s %s', async (option, value, hint) => {
    await expect(parse('run', 'job.ts', option, value)).rejects.toMatchObject({
      code: 'FLINKTS_ARGUMENT_INVALID',
      message: containing(`argument '${value}' is invalid`),
      hint: containing(hint),
    })
  })

  test('refuses to begin anew from a checkpoint', async () => {
    await expect(parse('run', 'job.ts', '--fresh', '--from', '3')).rejects.toMatchObject({
      message: containing("cannot be used with option '--fresh'"),
    })
  })

  test.each([['run'], ['run', 'a.ts', 'b.ts']])(
    'refuses %s with a wrong count of files',
    (...argv) => expect(parse(...argv)).rejects.toMatchObject({ code: 'FLINKTS_ARGUMENT_INVALID' }),
  )

  test('prints its version', async () => {
    const { exitCode, out } = await parse('--version')

    expect(exitCode).toBe(0)
    expect(out).toBe('1.2.3\n')
  })

  test.each([['--help'], ['run', '--help'], ['check', '--help'], ['help', 'run']])(
    'explains the exit codes with %s %s',
    async (...argv) => {
      const { exitCode, out, calls } = await parse(...argv.filter((word) => word !== undefined))

      expect(exitCode).toBe(0)
      expect(out).toMatch(/Exit codes:[^]*3 +the checks before the start found errors/)
      expect(calls).toEqual([])
    },
  )

  test('shows its help on standard error without a command', async () => {
    const { exitCode, out, err } = await parse()

    expect(exitCode).toBe(2)
    expect(out).toBe('')
    expect(err).toContain('Usage: flinkts')
  })
})
