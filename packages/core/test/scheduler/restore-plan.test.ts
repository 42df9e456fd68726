import { describe, expect, test } from 'vitest'
import type { OperatorManifest } from '../../src/checkpoint/manifest.ts'
import { planRestore } from '../../src/scheduler/restore-plan.ts'
import { itemsOf, type OperatorSubtaskState } from '../../src/state/operator-state.ts'
import { committableOf, itemOf, listOf, manifestOf, planOf, subtaskOf, textOf } from './fixtures.ts'

function operatorOf(
  operatorId: string,
  kind: OperatorManifest['kind'],
  states: readonly Partial<OperatorSubtaskState>[],
): OperatorManifest {
  return {
    operatorId,
    kind,
    parallelism: states.length,
    subtasks: states.map((state, subtask) => subtaskOf(operatorId, subtask, state)),
  }
}

function keyedFile(subtask: number): Partial<OperatorSubtaskState> {
  return { keyed: { path: `count-${subtask}`, bytes: 1, states: [] } }
}

const source = operatorOf('source', 'source', [
  { lists: [listOf('splits', 'a', 'b', 'c')] },
  { lists: [listOf('splits', 'd')] },
])

describe('the plan of a restore', () => {
  test('gives every subtask back its own if the parallelism is the same', () => {
    const plan = planOf([{ operatorId: 'source', type: 'source', parallelism: 2 }])

    const restored = planRestore(plan, manifestOf([source]))

    const splits = [0, 1].map((subtask) =>
      restored
        .get(`source-${subtask}`)
        ?.flatMap((state) => itemsOf(state.lists, 'splits').map(textOf)),
    )
    expect(splits).toEqual([['a', 'b', 'c'], ['d']])
  })

  test.each([
    [1, [['a', 'b', 'c', 'd']]],
    [3, [['a', 'b'], ['c'], ['d']]],
    [5, [['a'], ['b'], ['c'], ['d'], []]],
  ])('spreads splits anew over %i subtasks', (parallelism, expected) => {
    const plan = planOf([{ operatorId: 'source', type: 'source', parallelism }])

    const restored = planRestore(plan, manifestOf([source]))

    const splits = expected.map((_, subtask) =>
      restored
        .get(`source-${subtask}`)
        ?.flatMap((state) => itemsOf(state.lists, 'splits').map(textOf)),
    )
    expect(splits).toEqual(expected)
  })

  test('spreads writer states, whatever the order of the subtasks in the manifest', () => {
    const sink = operatorOf('sink', 'sink', [
      { lists: [listOf('writer', 'a')] },
      { lists: [listOf('writer', 'b')] },
    ])
    const reversed = { ...sink, subtasks: sink.subtasks.toReversed() }
    const plan = planOf([{ operatorId: 'sink', type: 'sink', parallelism: 1 }])

    const restored = planRestore(plan, manifestOf([reversed]))

    const [state] = restored.get('sink-0') ?? []
    expect(itemsOf(state?.lists, 'writer').map(textOf)).toEqual(['a', 'b'])
  })

  test('gives every writer state to one subtask only', () => {
    const sink = operatorOf('sink', 'sink', [
      { lists: [listOf('writer', 'a')] },
      { lists: [listOf('writer', 'b')] },
    ])

    for (const parallelism of [1, 2, 3]) {
      const plan = planOf([{ operatorId: 'sink', type: 'sink', parallelism }])
      const restored = [...planRestore(plan, manifestOf([sink])).values()].flat()
      expect(restored.flatMap(({ lists }) => itemsOf(lists, 'writer').map(textOf))).toEqual([
        'a',
        'b',
      ])
    }
  })

  test.each([
    [2, [['count-0'], ['count-1']]],
    [1, [['count-0', 'count-1']]],
    [3, [['count-0'], ['count-0', 'count-1'], ['count-1']]],
    [4, [['count-0'], ['count-0'], ['count-1'], ['count-1']]],
  ])('gives %i subtasks the files with their key groups', (parallelism, expected) => {
    const counts = operatorOf('count', 'process', [keyedFile(0), keyedFile(1)])
    const plan = planOf([{ operatorId: 'count', type: 'process', parallelism }])

    const restored = planRestore(plan, manifestOf([counts]))

    const files = expected.map((_, subtask) =>
      restored.get(`count-${subtask}`)?.flatMap(({ keyed }) => keyed.map(({ path }) => path)),
    )
    expect(files).toEqual(expected)
  })

  test('gives a task the state of every operator of its chain', () => {
    const chained = planOf([{ operatorId: 'source', type: 'source', parallelism: 1 }])
    const plan = {
      ...chained,
      vertices: chained.vertices.map((vertex) => ({
        ...vertex,
        operators: [
          ...vertex.operators,
          { operatorId: 'sink', type: 'sink' as const, chainedTo: [] },
        ],
      })),
    }
    const sink = operatorOf('sink', 'sink', [{ lists: [listOf('writer', 'w')] }])

    const restored = planRestore(plan, manifestOf([source, sink]))

    expect([...restored.keys()]).toEqual(['source-0'])
    expect(restored.get('source-0')?.map(({ operatorId }) => operatorId)).toEqual([
      'source',
      'sink',
    ])
  })

  test.each([
    ['splits', { lists: [listOf('splits', 'a')] }],
    ['writer state', { lists: [listOf('writer', 'a')] }],
    ['committables', { committables: [committableOf(1, 'a')] }],
    ['keyed state', keyedFile(0)],
  ])('refuses to forget %s of an operator that is gone', (_what, state) => {
    const manifest = manifestOf([operatorOf('gone', 'sink', [state])])

    const restore = (): unknown => planRestore(planOf([]), manifest)

    expect(restore).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_ORPHANED',
        message:
          'checkpoint chk-000042 holds state of operator "gone", which the job does not have',
      }),
    )
  })

  test('refuses to forget the enumerator of a source that is gone', () => {
    const gone = { ...operatorOf('gone', 'source', [{}]), enumerator: itemOf('unassigned') }

    const restore = (): unknown => planRestore(planOf([]), manifestOf([gone]))

    expect(restore).toThrow(expect.objectContaining({ code: 'FLINKTS_STATE_ORPHANED' }))
  })

  test('lets an operator go that had no state, and others come', () => {
    const plan = planOf([{ operatorId: 'new', type: 'sink', parallelism: 1 }])

    const restored = planRestore(plan, manifestOf([operatorOf('gone', 'sink', [{}])]))

    expect(restored.size).toBe(0)
  })

  test('refuses the state of another kind of operator', () => {
    const plan = planOf([{ operatorId: 'source', type: 'sink', parallelism: 1 }])

    const restore = (): unknown => planRestore(plan, manifestOf([source]))

    expect(restore).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_INCOMPATIBLE',
        message: 'operator "source" is a sink, but checkpoint chk-000042 holds it as a source',
      }),
    )
  })

  test('C51: refuses another number of key groups', () => {
    const restore = (): unknown => planRestore(planOf([]), manifestOf([], { maxParallelism: 16 }))

    expect(restore).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_STATE_INCOMPATIBLE',
        message: 'checkpoint chk-000042 was taken with maxParallelism 16, the job has 8',
      }),
    )
  })
})
