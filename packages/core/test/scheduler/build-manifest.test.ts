import { describe, expect, test } from 'vitest'
import { defineJob } from '../../src/api/define-job.ts'
import { planOf } from '../../src/api/start-job.ts'
import { buildManifest } from '../../src/scheduler/build-manifest.ts'
import type { OperatorSubtaskState } from '../../src/state/operator-state.ts'
import { sinkOf, sourceOf } from '../api/fixtures.ts'

const plan = planOf(
  defineJob('sales', {}, (env) => {
    env
      .source('in', sourceOf<{ shop: string; cents: number }>())
      .map((sale) => sale)
      .keyBy(({ shop }) => shop)
      .sum('total', 'cents')
      .sinkTo('out', sinkOf())
  }),
)

function stateOf(operatorId: string): OperatorSubtaskState {
  const nothing = { lists: [], committables: [] }
  const keyed = { path: `chk-000001/${operatorId}-0.state`, bytes: 1, states: [] }
  return { operatorId, subtask: 0, ...nothing, keyed }
}

describe('the manifest of a checkpoint', () => {
  test('holds sources, sinks, and every operator that contributed state, whatever its type', () => {
    const manifest = buildManifest(
      { plan, jobId: 'lineage', attempt: 1 },
      {
        checkpointId: 1,
        createdAtMs: 0,
        kind: 'periodic',
        states: [stateOf('total')],
        enumerators: new Map(),
      },
    )

    const operators = manifest.operators.map(({ operatorId, kind, subtasks }) => {
      return `${operatorId} ${kind} ${subtasks.length}`
    })
    expect(operators).toEqual(['in source 0', 'total reduce 1', 'out sink 0'])
  })
})
