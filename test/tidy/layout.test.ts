import { describe, expect, test } from 'vitest'
import {
  connectorFileNames,
  connectorFiles,
  defaultExports,
  fileLength,
  fileNames,
  lineLength,
} from './layout.ts'

test('a file may have 500 lines, not 501', () => {
  const lines = 'x\n'.repeat(500)

  expect(fileLength([{ path: 'scripts/a.ts', text: lines }])).toEqual([])
  expect(fileLength([{ path: 'scripts/a.ts', text: `${lines}x\n` }])).toEqual([
    'scripts/a.ts:501: 501 lines, at most 500: find the missing concept',
  ])
})

test('a line may have 100 columns, not 101, unless it is a link', () => {
  const line = 'x'.repeat(100)

  expect(lineLength([{ path: 'scripts/a.ts', text: line }])).toEqual([])
  expect(lineLength([{ path: 'scripts/a.ts', text: `\n${line}x` }])).toEqual([
    'scripts/a.ts:2: 101 columns, at most 100',
  ])
  expect(lineLength([{ path: 'scripts/a.ts', text: `https://${line}` }])).toEqual([])
})

describe('file names', () => {
  test.each([
    'packages/core/src/task/barrier-aligner.ts',
    'packages/core/test/task/barrier-aligner.sim.test.ts',
    'packages/core/test/types.test-d.ts',
    'connectors/s3/src/client.ts',
    'vitest.config.ts',
    '.ci/report.mjs',
  ])('%s is kebab-case', (path) => {
    expect(fileNames([{ path, text: '' }])).toEqual([])
  })

  test.each([
    'packages/core/src/task/barrierAligner.ts',
    'packages/core/src/task/BarrierAligner.ts',
    'packages/core/src/task/barrier_aligner.ts',
    'packages/core/src/barrierAligner/index.ts',
    'packages/core/test/task/mailbox.spec.ts',
  ])('%s is not kebab-case', (path) => {
    expect(fileNames([{ path, text: '' }])).toEqual([
      `${path}:1: file and folder names are kebab-case`,
    ])
  })
})

describe('the files of a connector', () => {
  test('have the usual names, or are in a subfolder', () => {
    const names = [...connectorFileNames, 'protocol/frames']
    const files = names.map((name) => ({ path: `connectors/kafka/src/${name}.ts`, text: '' }))

    expect(connectorFiles(files)).toEqual([])
  })

  test('have no other name', () => {
    expect(connectorFiles([{ path: 'connectors/kafka/src/utils.ts', text: '' }])).toEqual([
      'connectors/kafka/src/utils.ts:1: goes into a subfolder: it is no file that every ' +
        'connector has',
    ])
  })
})

test('a default export is reported', () => {
  const text = '\nexport default {}'

  expect(defaultExports([{ path: 'scripts/a.ts', text }])).toEqual([
    'scripts/a.ts:2: export default: export it by name',
  ])
  expect(defaultExports([{ path: 'scripts/a.ts', text: 'export { a as default }' }])).toHaveLength(
    1,
  )
})

test.each(['vitest.config.ts', 'examples/orders/src/start.ts', 'test/e2e/jobs/sum.ts'])(
  '%s may have a default export',
  (path) => {
    expect(defaultExports([{ path, text: 'export default {}' }])).toEqual([])
  },
)
