import { describe, expect, test } from 'vitest'
import { parseRecords, textOf } from '../src/output-files.ts'

describe('parseRecords', () => {
  test('keeps every digit of numbers', () => {
    const [record = {}] = parseRecords('{"id":9007199254740993,"rate":1.10}\n', 'x')

    expect(textOf(record['id'])).toBe('9007199254740993')
    expect(textOf(record['rate'])).toBe('1.10')
  })

  test('gives lists and booleans as the database does', () => {
    const [record = {}] = parseRecords('{"tags":["a",null,"b,\\n"],"vip":true,"note":null}\n', 'x')

    expect(textOf(record['tags'])).toBe('["a",null,"b,\\n"]')
    expect(textOf(record['vip'])).toBe('true')
    expect(textOf(record['note'])).toBeNull()
    expect(textOf(record['absent'])).toBeNull()
  })

  test.each([
    ['a last line without its end', '{"id":1}\n{"id":2}', 'x does not end with a whole line'],
    ['half a line', '{"id":1}\n{"id"\n', 'line 2 of x is not JSON'],
    ['an empty line', '{"id":1}\n\n', 'line 2 of x is not JSON'],
    ['what is no object', '[1]\n', 'line 1 of x is not a JSON object'],
  ])('refuses %s', (_name, text, message) => {
    expect(() => parseRecords(text, 'x')).toThrow(message)
  })
})
