import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { broken, type Mutant } from './mutant.ts'
import { mutants } from './mutants.ts'

const workspace = fileURLToPath(new URL('../..', import.meta.url))

function mutantOf(find: string, replace: string): Mutant {
  return { name: 'any', breaks: 'anything', file: 'file.ts', find, replace, tests: [] }
}

describe('the list of mutants', () => {
  test('has no name twice', () => {
    const names = mutants.map(({ name }) => name)

    expect(new Set(names).size).toBe(names.length)
  })

  test.each(mutants)('applies $name', (mutant) => {
    const text = readFileSync(path.join(workspace, mutant.file), 'utf8')

    const result = broken(text, mutant)

    expect(result, `"${mutant.find}" is not in ${mutant.file} exactly once`).toBeDefined()
    expect(result).not.toBe(text)
  })

  test.each(mutants)('names tests for $name that exist', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0)
    expect(tests.filter((file) => !file.endsWith('.test.ts'))).toEqual([])
    expect(tests.filter((file) => !existsSync(path.join(workspace, file)))).toEqual([])
  })
})

describe('a mutant', () => {
  test('replaces its text', () => {
    expect(broken('if (a < b) return', mutantOf('a < b', 'a <= b'))).toBe('if (a <= b) return')
  })

  test('takes what it puts in literally', () => {
    expect(broken('one two', mutantOf('two', '$&'))).toBe('one $&')
  })

  test('does not apply where its text is missing, or there twice', () => {
    expect(broken('one two', mutantOf('three', ''))).toBeUndefined()
    expect(broken('one two one', mutantOf('one', ''))).toBeUndefined()
  })
})
