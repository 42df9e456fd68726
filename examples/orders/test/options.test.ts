import { describe, expect, test } from 'vitest'
import { help, parseOptions } from '../src/options.ts'

describe('parseOptions', () => {
  test('fills in the figures that the help names', () => {
    const { kills, seconds, rows, keep, directory } = parseOptions([])

    expect({ kills, seconds, rows, keep, directory }).toEqual({
      kills: 5,
      seconds: 40,
      rows: 50_000,
      keep: false,
      directory: undefined,
    })
    for (const value of [kills, seconds, rows]) expect(help).toContain(`(default ${value})`)
  })

  test('takes what is said', () => {
    const args = ['--kills', '25', '--seconds=150', '--seed', '7', '--keep', '--directory', 'out']

    expect(parseOptions(args)).toMatchObject({
      kills: 25,
      seconds: 150,
      seed: 7,
      keep: true,
      directory: 'out',
    })
  })

  test.each([
    [['--kills', '-1']],
    [['--kills', 'five']],
    [['--seconds', '0']],
    [['--rows', '1.5']],
    [['--rows', '']],
    [['--kils', '5']],
    [['extra']],
  ])('refuses %j', (args) => {
    expect(() => parseOptions(args)).toThrow()
  })
})
