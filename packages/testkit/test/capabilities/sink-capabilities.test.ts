import { expect, test } from 'vitest'
import {
  sinkClaims,
  sinkContradictions,
  type SinkCapabilities,
} from '../../src/capabilities/sink-capabilities.ts'
import { append, twoPhase, upsert } from '../support/drivers.ts'

test.each([twoPhase, upsert, append])('$mechanism can be declared', (capabilities) => {
  expect(sinkContradictions(capabilities)).toEqual([])
})

test('values are a claim, unless text alone is declared', () => {
  expect(sinkClaims(append)).toContain('values')
  expect(sinkClaims({ ...append, values: [] })).not.toContain('values')
})

test.each<[string, SinkCapabilities]>([
  ['"append" gives at-least-once', { ...append, guarantee: 'exactly-once' }],
  ['"idempotent-upsert" gives effectively-once', { ...upsert, guarantee: 'exactly-once' }],
  ['"2pc" is visible on commit', { ...twoPhase, visibility: 'immediate' }],
  ['say maxPreparedAgeMs', { ...twoPhase, maxPreparedAgeMs: undefined }],
  ['no commit to be visible on', { ...append, visibility: 'on-commit' }],
  ['no prepared output to fence', { ...upsert, fencing: 'on-takeover' }],
  ['no keys to delete by', { ...append, deletes: true }],
  ['by key has no order', { ...upsert, order: 'per-split' }],
  ['prepares nothing that has an age', { ...append, maxPreparedAgeMs: 1000 }],
])('refuses a declaration: %s', (problem, capabilities) => {
  expect(sinkContradictions(capabilities)).toEqual([expect.stringContaining(problem)])
})
