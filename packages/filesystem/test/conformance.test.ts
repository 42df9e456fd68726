import { readFileSync } from 'node:fs'
import { jsonLines } from '@flinkts/formats'
import { expect, test } from 'vitest'
import { fileSink, fileSource, localDirectory } from '../src/index.ts'
import { HookedStore } from './hooked-store.ts'

const format = jsonLines<object>()

test.each([
  ['filesystem sink', fileSink({ path: 'out', format })],
  ['filesystem source', fileSource({ path: 'in', format })],
  ['filesystem source, watching', fileSource({ path: 'in', format, watch: { intervalMs: 10 } })],
])('has the report on it: %s', (name, { conformance = [] }) => {
  const reports = conformance.map((url) => JSON.parse(readFileSync(new URL(url), 'utf8')) as object)

  expect(reports).toMatchObject([{ connector: name }])
})

test('what writes to a store of others has none: no report is about that', () => {
  const store = new HookedStore(localDirectory('out'), (_operation, run) => run())

  expect(fileSink({ store, format }).conformance).toEqual([])
})
