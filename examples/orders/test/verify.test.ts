import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Fault } from '../src/findings.ts'
import { verify } from '../src/verify.ts'
import { WrittenOutput } from './evidence.ts'

let output: WrittenOutput

beforeEach(() => {
  output = new WrittenOutput()
})

afterEach(() => {
  output.remove()
})

describe('verify', () => {
  test('finds nothing wrong with a right output', async () => {
    output.addHidden('changes')

    const result = await verify(output.evidence)

    expect(result).toEqual({
      files: 5,
      snapshotRows: 2,
      streamedChanges: 4,
      revenueRecords: 3,
      faults: { lost: 0, duplicated: 0, altered: 0 },
      examples: [],
    })
  })

  const cases: readonly (readonly [string, Fault, (spoiled: WrittenOutput) => void])[] = [
    [
      'a lost row of the snapshot',
      'lost',
      (it) => it.spoil('changes', 0, ([first = '']) => [first]),
    ],
    ['a lost insert', 'lost', (it) => it.spoil('changes', 1, (lines) => lines.slice(1))],
    ['a lost update', 'lost', (it) => it.spoil('changes', 1, (lines) => lines.slice(0, 2))],
    ['a lost delete', 'lost', (it) => it.removeFile('changes', 2)],
    ['a lost running total', 'lost', (it) => it.spoil('revenue', 0, (lines) => lines.slice(1))],
    ['a lost last running total', 'lost', (it) => it.removeFile('revenue', 1)],
    [
      'a repeated row of the snapshot',
      'duplicated',
      (it) => it.spoil('changes', 0, (lines) => [...lines, ...lines.slice(1)]),
    ],
    [
      'a repeated change',
      'duplicated',
      (it) => it.spoil('changes', 1, (lines) => [...lines, ...lines.slice(1, 2)]),
    ],
    [
      'a repeated running total',
      'duplicated',
      (it) => it.spoil('revenue', 0, (lines) => [...lines, ...lines]),
    ],
    [
      'changes out of order',
      'altered',
      (it) => it.spoil('changes', 1, (lines) => lines.toReversed()),
    ],
    [
      'running totals out of order',
      'altered',
      (it) => it.spoil('revenue', 0, (lines) => lines.toReversed()),
    ],
    ['a change that the database never made', 'altered', (it) => replace(it, '"1/5"', '"1/6"')],
    ['an altered value', 'altered', (it) => replace(it, '"long"', '"lang"')],
    ['a key rounded as a double', 'lost', (it) => replace(it, '740993,', '740992,')],
    ['an amount without its digits', 'altered', (it) => replace(it, '"0.10"', '"0.1"')],
    [
      'an altered running total',
      'altered',
      (it) => it.spoil('revenue', 0, (lines) => lines.map((l) => l.replace('"10.10"', '"10.11"'))),
    ],
    ['half a line', 'altered', (it) => it.cut('changes', 2, 5)],
    ['a line without its end', 'altered', (it) => it.cut('revenue', 1, 1)],
  ]

  test.each(cases)('finds %s', async (_name, fault, spoil) => {
    spoil(output)

    const result = await verify(output.evidence)

    expect(result.faults[fault]).toBeGreaterThan(0)
    expect(result.examples.some((example) => example.startsWith(`${fault}: `))).toBe(true)
  })

  test('finds a change that was lost with its row, which no table shows', async () => {
    const { logged } = output.evidence

    const result = await verify({
      ...output.evidence,
      logged: [...logged, { lsn: 0x2_0000_0000n, changes: 2 }],
    })

    expect(result.faults).toEqual({ lost: 2, duplicated: 0, altered: 0 })
  })

  test('does not miss changes that the snapshot has already seen', async () => {
    const { logged } = output.evidence

    const result = await verify({
      ...output.evidence,
      logged: [{ lsn: 0x8n, changes: 7 }, ...logged],
    })

    expect(result.faults).toEqual({ lost: 0, duplicated: 0, altered: 0 })
  })
})

function replace(spoiled: WrittenOutput, search: string, replacement: string): void {
  for (const index of [0, 1, 2]) {
    spoiled.spoil('changes', index, (lines) =>
      lines.map((line) => line.replaceAll(search, replacement)),
    )
  }
}
