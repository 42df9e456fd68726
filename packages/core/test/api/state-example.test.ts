import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { collectSink } from '../../src/testing/collect-sink.ts'
import { collectionSource } from '../../src/testing/collection-source.ts'
import { runTestJob } from '../../src/testing/run-test-job.ts'
import { summaries } from './state-example.ts'

const source = readFileSync(new URL('state-example.ts', import.meta.url), 'utf8')
const document = readFileSync(new URL('../../../../docs/state.md', import.meta.url), 'utf8')

test('the example of docs/state.md is the one that is run here', () => {
  const example = source.slice(source.indexOf('export const dayMs'))

  expect(document).toContain(`\`\`\`ts\n${example}\`\`\`\n`)
})

test('the example of docs/state.md runs', async () => {
  const results = collectSink<string>()
  const job = defineJob('sensors', {}, (env) => {
    const readings = env.source(
      'readings',
      collectionSource([
        { sensor: 'a', celsius: 20 },
        { sensor: 'b', celsius: 5 },
        { sensor: 'a', celsius: 10 },
      ]),
    )
    summaries(readings).sinkTo('out', results)
  })

  await runTestJob(job)

  expect(results.values).toEqual([
    'a: 20 at most 20, before none',
    'b: 5 at most 5, before none',
    'a: 15 at most 20, before 20',
  ])
})
