import { expect, test } from 'vitest'
import { copyField } from '../../src/protocol/copy-text-writer.ts'

test.each([
  ['', ''],
  ['plain żółw 🐢', 'plain żółw 🐢'],
  ['a\tb', String.raw`a\tb`],
  ['a\nb\r\n', String.raw`a\nb\r\n`],
  [String.raw`\N`, String.raw`\\N`],
  [String.raw`\.`, String.raw`\\.`],
])('the field %o is %o', (text, field) => {
  expect(copyField(text)).toBe(field)
})
