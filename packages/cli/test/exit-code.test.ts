import { FlinktsError } from '@flinkts/core'
import { expect, test } from 'vitest'
import { exitCodeOf } from '../src/exit-code.ts'

test.each([
  ['FLINKTS_ARGUMENT_INVALID', 2],
  ['FLINKTS_JOB_FILE_NOT_FOUND', 2],
  ['FLINKTS_OPERATOR_ID_DUPLICATE', 2],
  ['FLINKTS_PREFLIGHT_FAILED', 3],
  ['FLINKTS_RESTARTS_EXHAUSTED', 1],
  ['FLINKTS_JOB_ALREADY_RUNNING', 1],
] as const)('%s ends the process with %d', (code, exitCode) => {
  expect(exitCodeOf(new FlinktsError(code, 'failed'))).toBe(exitCode)
})

test.each([new Error('boom'), 'boom', undefined])('%s ends it with 1', (thrown) => {
  expect(exitCodeOf(thrown)).toBe(1)
})
