import { expect, test } from 'vitest'
import { entryPoints, folderOrder } from './folder-order.ts'

function orderOf(path: string, text: string): readonly string[] {
  return folderOrder([{ path: `packages/core/src/${path}`, text }])
}

test('a folder may import itself and what is below it', () => {
  const text = [
    "import { assert } from '../common/assert.ts'",
    "import type { Channel } from './channel.ts'",
    "import { Buffer } from 'node:buffer'",
  ].join('\n')

  expect(orderOf('network/record-writer.ts', text)).toEqual([])
})

test('an import from above is reported with its line', () => {
  const text = "\nimport type { Task } from '../scheduler/scheduler.ts'"

  expect(orderOf('checkpoint/coordinator.ts', text)).toEqual([
    'packages/core/src/checkpoint/coordinator.ts:2: checkpoint must not import ' +
      '../scheduler/scheduler.ts: scheduler is above it',
  ])
})

test.each([
  ['a re-export', "export { Task } from '../../task/task.ts'"],
  ['a dynamic import', "const task = await import('../../task/task.ts')"],
  ['an import for its effect', "import '../../task/task.ts'"],
])('%s from above is reported, in a subfolder too', (_name, text) => {
  expect(orderOf('operators/window/window.ts', text)).toHaveLength(1)
})

test('an import in a comment is none', () => {
  expect(orderOf('common/clock.ts', " * import { x } from '../api/x.ts'")).toEqual([])
})

test('only api and testing may import the platform', () => {
  const text = "import { NodeClock } from '../platform/node-clock.ts'"

  expect(orderOf('api/stream-environment.ts', text)).toEqual([])
  expect(orderOf('testing/simulation.ts', text)).toEqual([])
  expect(orderOf('checkpoint/lease.ts', text)).toHaveLength(1)
})

test('a folder without a place in the order is reported', () => {
  expect(orderOf('util/strings.ts', '')).toEqual([
    'packages/core/src/util/strings.ts:1: folder util has no place in the order of core',
  ])
})

test.each(['../index.ts', '../../test/fake.ts'])('core does not import %s', (specifier) => {
  expect(orderOf('api/data-stream.ts', `import { x } from '${specifier}'`)).toHaveLength(1)
})

test('an entry point may name re-exports, over several lines', () => {
  const text = [
    '/** The public surface. */',
    "export { a } from './a.ts'",
    'export type {',
    '  B,',
    "} from './b.ts'",
  ].join('\n')

  expect(entryPoints([{ path: 'packages/core/src/index.ts', text }])).toEqual([])
})

test.each(["export * from './a.ts'", "import './a.ts'", 'export const a = 1'])(
  'an entry point must not say %s',
  (line) => {
    const text = `export { b } from './b.ts'\n${line}`

    expect(entryPoints([{ path: 'connectors/kafka/src/index.ts', text }])).toEqual([
      'connectors/kafka/src/index.ts:2: an entry point only names re-exports',
    ])
  },
)
