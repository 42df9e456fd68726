import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { canonicalOutput, canonicalText, readLines } from './output.ts'

test('sorts lines by bytes and keeps those that are there twice', () => {
  expect(canonicalText(['b', 'a|2', 'a|10', 'B', 'b'])).toBe('B\na|10\na|2\nb\nb\n')
})

test('the same lines in another order are the same output', () => {
  expect(canonicalOutput(['2', '1', '2'])).toEqual(canonicalOutput(['2', '2', '1']))
  expect(canonicalOutput(['2', '1', '2'])).not.toEqual(canonicalOutput(['2', '1']))
})

test('reads visible files only', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'flinkts-golden-output-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(path.join(folder, '.pending'))
  writeFileSync(path.join(folder, 'part-0'), '"one"\n"two"\n')
  writeFileSync(path.join(folder, 'part-1'), '"two"\n')
  writeFileSync(path.join(folder, '.pending', 'part-2'), '"three"\n')
  writeFileSync(path.join(folder, '.part-3'), '"four"\n')

  expect(readLines(folder).toSorted()).toEqual(['one', 'two', 'two'])
})
