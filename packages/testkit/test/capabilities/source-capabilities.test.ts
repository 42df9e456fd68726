import { expect, test } from 'vitest'
import {
  sourceClaims,
  sourceContradictions,
  type SourceCapabilities,
} from '../../src/capabilities/source-capabilities.ts'
import { boundedLog, log, table } from '../support/source/drivers.ts'

test.each([log, boundedLog, table])('$boundedness with $splits can be declared', (capabilities) => {
  expect(sourceContradictions(capabilities)).toEqual([])
})

test('values are a claim, unless text alone is declared', () => {
  expect(sourceClaims(log)).toContain('values')
  expect(sourceClaims({ ...log, values: [] })).not.toContain('values')
})

test.each<[string, SourceCapabilities]>([
  ['nothing is discovered later', { ...boundedLog, splits: 'discovered' }],
  ['has no stream', { ...boundedLog, snapshotThenStream: true }],
  ['never what was deleted', { ...boundedLog, emitsDeletes: true }],
  ['never what was deleted', { ...boundedLog, emitsTruncates: true }],
  ['is replayable up to there', { ...log, replayable: false }],
])('refuses a declaration: %s', (problem, capabilities) => {
  expect(sourceContradictions(capabilities)).toEqual([expect.stringContaining(problem)])
})
