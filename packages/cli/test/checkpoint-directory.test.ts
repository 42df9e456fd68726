import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { checkpointDirectory } from '../src/checkpoint-directory.ts'

test('checkpoints are kept beside the job file, wherever the command is started', () => {
  expect(checkpointDirectory('jobs/orders.job.ts', undefined)).toBe(resolve('jobs/.flinkts'))
  expect(checkpointDirectory('/srv/orders.job.ts', undefined)).toBe('/srv/.flinkts')
})

test('a given directory begins at the working directory', () => {
  expect(checkpointDirectory('jobs/orders.job.ts', 'state')).toBe(resolve('state'))
})
