import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  postgresCdc,
  type PostgresCdcOptions,
  postgresSink,
  type PostgresSinkOptions,
} from '../../src/index.ts'

const connection = { host: '127.0.0.1', port: 5432, user: 'u', password: 'p', database: 'd' }

/** The names of the connectors that reports are about. */
function reported(urls: readonly string[] = []): readonly string[] {
  return urls.map((url) => {
    const report = JSON.parse(readFileSync(new URL(url), 'utf8')) as { readonly connector: string }
    return report.connector
  })
}

const byKey: Pick<PostgresSinkOptions<{ id: number }>, 'write'> = {
  write: (row) => ({ operation: 'upsert', row }),
}

test.each([
  ['twoPhase', {}, ['postgres sink, twoPhase']],
  ['twoPhase', byKey, ['postgres sink, twoPhase', 'postgres sink, twoPhase by key']],
  ['staged', {}, ['postgres sink, staged']],
  ['auto', {}, ['postgres sink, twoPhase', 'postgres sink, staged']],
] as const)('a sink of the mode %s has the reports on it: %#', (mode, options, names) => {
  const { conformance } = postgresSink({ mode, connection, table: 't', ...options })

  expect(reported(conformance)).toEqual(names)
})

test('so have those that hold nothing back', () => {
  const upsert = postgresSink({ mode: 'upsert', connection, table: 't' })
  const append = postgresSink({ mode: 'append', connection, table: 't' })

  expect(reported(upsert.conformance)).toEqual(['postgres sink, upsert'])
  expect(reported(append.conformance)).toEqual(['postgres sink, append'])
})

test.each([
  ['rows and then changes', {}, ['postgres source']],
  ['rows only', { stream: 'never' }, []],
  ['changes only', { snapshot: 'never' }, []],
] satisfies readonly (readonly [string, Partial<PostgresCdcOptions>, readonly string[]])[])(
  'a source of %s has the reports on it',
  (_what, options, names) => {
    expect(reported(postgresCdc({ connection, tables: ['t'], ...options }).conformance)).toEqual(
      names,
    )
  },
)
