import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { crashPoints } from '../../src/prove/crash-points.ts'
import { CommandRun } from '../support/command-run.ts'
import { JobFolder } from '../support/job-folder.ts'

const proved = fileURLToPath(new URL('../jobs/proved.job.ts', import.meta.url))

/** That of all processes of the machine: with one for each test they start slowly. */
const compileCache = { NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') }

/** Starts `flinkts prove` in a folder; scratch copies go into `scratch` there. */
function start(folder: JobFolder, fault: string, ...args: readonly string[]): CommandRun {
  mkdirSync(join(folder.path, 'scratch'), { recursive: true })
  return new CommandRun(['prove', proved, ...args], {
    cwd: folder.path,
    env: { FAULT: fault, TMPDIR: join(folder.path, 'scratch'), ...compileCache },
  })
}

/** The lines of points, without the times that the seed has picked. */
function triedIn(output: string): readonly string[] {
  const lines = output.match(/^ {2}[KS]\d+ .*$/gm) ?? []
  return lines.map((line) =>
    line
      .replace(/ \(time \d+\)/, '')
      .trim()
      .replace(/ +/g, ' '),
  )
}

function scratchIn(folder: JobFolder): readonly string[] {
  return readdirSync(join(folder.path, 'scratch')).filter((name) => name.startsWith('flinkts-'))
}

describe('flinkts prove', () => {
  test('kills a job at every point, and finds the same output', { timeout: 120_000 }, async () => {
    using folder = new JobFolder('count')
    folder.fill(200)

    const { exitCode, stdout } = await start(folder, '', '--parallelism', '2').ended

    expect(stdout).toContain('undisturbed, twice: the same, 200 records in "files"\n')
    expect(triedIn(stdout)).toEqual(
      crashPoints.map(({ name, of, when }) => {
        return `${name} ${of === 'sink' ? 'files' : 'lines'} ${when} ok`
      }),
    )
    expect(stdout).toContain('Proved: what is committed is the same after 19 crashes.\n')
    expect(exitCode).toBe(0)
    expect(existsSync(join(folder.path, 'out'))).toBe(false)
    expect(scratchIn(folder)).toEqual([])
  })

  test('shows what a sink that commits early repeats, and where', async () => {
    using folder = new JobFolder('count')
    folder.fill(50)

    const { exitCode, stdout } = await start(folder, 'commits-early', '--points', 'K3,K5').ended

    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/ {2}K3 {2}files {2}when it has flushed \(time \d+\) {2}ok\n/)
    expect(stdout).toMatch(/ {2}K5 {2}files {2}prepared, .* \(time \d+\) {2}FAILED\n/)
    expect(stdout).toMatch(/ {6}in "files": duplicated \d+: \{"id":\d+,"key":"key-\d"\}/)
    expect(stdout).toContain('Not proved: of 2 crashes 1 failed.\n')
  })

  test('prints the line that shows a failure again', async () => {
    using folder = new JobFolder('count')
    folder.fill(50)
    const first = await start(folder, 'forgets', '--points', 'K6').ended
    const [, points = ''] = /replay: flinkts prove .* --points '(.*)'\n/.exec(first.stdout) ?? []

    const { exitCode, stdout } = await start(folder, 'forgets', '--points', points).ended

    expect(points).toMatch(/^K6@files#\d+$/)
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/ {6}in "files": lost \d+: /)
    expect(stdout).toContain(`'${points}'`)
  })

  test('keeps what it is told to keep, and says where', async () => {
    using folder = new JobFolder('count')
    folder.fill(20)

    const { stdout } = await start(folder, '', '--points', 'K4', '--keep').ended

    const [, copy = ''] = / {6}kept: "files" in (.*)\n/.exec(stdout) ?? []
    expect(readdirSync(copy)).not.toEqual([])
    expect(stdout).toMatch(/kept: checkpoints in .*flinkts-prove-/)
  })

  test('says when a chosen moment does not come, and does not take it for proved', async () => {
    using folder = new JobFolder('count')
    folder.fill(20)

    const { exitCode, stdout } = await start(folder, '', '--points', 'K1@files#21').ended

    expect(exitCode).toBe(1)
    expect(stdout).toContain('K1  files  while it writes (time 21)  NOT REACHED\n')
    expect(stdout).toContain('Not proved: of 1 crash 1 not reached.\n')
  })

  test('says what does not apply', async () => {
    using folder = new JobFolder('count')
    folder.fill(20)

    const { exitCode, stdout } = await start(folder, '', '--points', 'K10,K1').ended

    expect(exitCode).toBe(0)
    expect(stdout).toContain('K10 files  does not apply: the sink has one subtask\n')
  })

  test('removes its scratch copies when it is interrupted', async () => {
    using folder = new JobFolder('count')
    folder.fill(20)
    const run = start(folder, 'hangs')
    await expect.poll(() => scratchIn(folder).length, { timeout: 20_000 }).toBe(2)

    run.kill('SIGINT')
    const { exitCode } = await run.ended

    expect(exitCode).toBe(130)
    expect(scratchIn(folder)).toEqual([])
  })
})

describe('flinkts prove refuses', () => {
  test.each([
    ['random', 'FLINKTS_PROVE_NO_REFERENCE: two undisturbed runs do not commit the same: sink "fi'],
    ['nothing', 'FLINKTS_PROVE_NO_REFERENCE: an undisturbed run commits no record'],
    ['throws', 'FLINKTS_PROVE_NO_REFERENCE: an undisturbed run failed'],
  ])('a job without a reference: %s', async (fault, error) => {
    using folder = new JobFolder('count')
    folder.fill(20)

    const { exitCode, lines } = await start(folder, fault).ended

    expect(exitCode).toBe(1)
    expect(lines[0]).toContain(error)
    expect(lines[1]).toMatch(/^ {2}Hint: /)
    expect(scratchIn(folder)).toEqual([])
  })

  test('a job that does not come to its end', async () => {
    using folder = new JobFolder('count')
    folder.fill(20)

    const { exitCode, lines } = await start(folder, 'hangs', '--timeout', '2').ended

    expect(exitCode).toBe(1)
    expect(lines.join('\n')).toContain('FLINKTS_PROCESS_FAILED: it did not end within 2 s')
  })

  test('a sink without a prover, by its name', async () => {
    using folder = new JobFolder('count')
    folder.fill(20)

    const { exitCode, lines } = await start(folder, 'no-prover').ended

    expect(exitCode).toBe(2)
    expect(lines[0]).toMatch(
      /^FLINKTS_PROVE_UNSUPPORTED: job "proved" cannot .* for sink "files" \(json-lines files in /,
    )
  })

  test('points that the job does not have', async () => {
    using folder = new JobFolder('count')
    writeFileSync(join(folder.path, 'in', 'a.jsonl'), '')

    const { exitCode, lines } = await start(folder, '', '--points', 'K4@orders').ended

    expect(exitCode).toBe(2)
    expect(lines[0]).toBe('FLINKTS_ARGUMENT_INVALID: none of the chosen points is one of the job')
  })
})
