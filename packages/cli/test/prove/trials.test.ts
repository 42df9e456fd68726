import type { ExecutionPlan } from '@flinkts/core'
import { defined, type SinkProver } from '@flinkts/core/connector'
import { describe, expect, test } from 'vitest'
import { crashPoints, parsePoints } from '../../src/prove/crash-points.ts'
import type { ProvableJob } from '../../src/prove/provers.ts'
import { candidatesOf, trialsOf } from '../../src/prove/trials.ts'

const unused: SinkProver<unknown> = {
  setup: () => Promise.reject(new Error('unused')),
  createSink: () => {
    throw new Error('unused')
  },
  readCommitted: () => Promise.resolve([]),
  listInFlight: () => Promise.resolve([]),
  clean: () => Promise.resolve(),
}

function jobWith(...commits: readonly boolean[]): ProvableJob {
  return {
    sources: [{ operatorId: 'in', description: 'numbers', cutOff: false }],
    sinks: commits.map((each, index) => ({
      ...{ operatorId: `out${index}`, description: 'numbers', guarantee: 'exactly-once' as const },
      ...{ commits: each, prover: unused },
    })),
  }
}

function planWith(parallelism: number): ExecutionPlan {
  const operators = ['in', 'out0', 'out1'].map((operatorId) => {
    return { operatorId, type: 'map' as const, chainedTo: [] }
  })
  return {
    jobName: 'numbers',
    guarantee: 'exactly-once',
    maxParallelism: 128,
    fingerprint: '',
    vertices: [{ vertexId: 'in', parallelism, operators }],
    edges: [],
  }
}

describe('a choice of points', () => {
  test.each([
    ['K4', [{ point: 'K4' }]],
    ['k4, S2', [{ point: 'K4' }, { point: 'S2' }]],
    ['K4@files', [{ point: 'K4', operatorId: 'files' }]],
    ['K4@my files#12', [{ point: 'K4', operatorId: 'my files', nth: 12 }]],
    ['S1#2', [{ point: 'S1', nth: 2 }]],
  ])('is %s', (text, points) => {
    expect(parsePoints(text)).toEqual(points)
  })

  test.each(['', 'K', 'K13', 'S3', 'K4#0', 'K4@', 'K4,,S2', 'files'])('is not "%s"', (text) => {
    expect(parsePoints(text)).toBeUndefined()
  })
})

describe('the points that are tried', () => {
  test('are those of every sink and every source', () => {
    const candidates = candidatesOf(jobWith(true, true), planWith(2), {})

    const names = candidates.map(({ point, operatorId }) => `${point.name}@${operatorId}`)
    const ofSinks = crashPoints.filter((point) => point.of === 'sink')
    const ofSources = crashPoints.filter((point) => point.of === 'source')
    expect(names).toEqual([
      ...ofSinks.map(({ name }) => `${name}@out0`),
      ...ofSinks.map(({ name }) => `${name}@out1`),
      ...ofSources.map(({ name }) => `${name}@in`),
    ])
    expect(candidates.every(({ inapplicable }) => inapplicable === undefined)).toBe(true)
  })

  test('leave out those of commits where nothing is, and of several subtasks where one is', () => {
    const without = candidatesOf(jobWith(false), planWith(2), {})
    const alone = candidatesOf(jobWith(true), planWith(1), {})

    const left = (candidates: typeof without): readonly string[] =>
      candidates
        .filter(({ point, inapplicable }) => point.of === 'sink' && inapplicable === undefined)
        .map(({ point }) => point.name)
    expect(left(without)).toEqual(['K1', 'K2', 'K3', 'K12'])
    expect(alone.find(({ point }) => point.name === 'K10')).toMatchObject({
      inapplicable: 'the sink has one subtask',
    })
  })

  test('are those that were asked for, of the operators that were', () => {
    const points = parsePoints('K4@out1#3,S2') ?? []

    const candidates = candidatesOf(jobWith(true, true), planWith(2), { points })

    expect(candidates).toMatchObject([
      { point: { name: 'K4' }, operatorId: 'out1', nth: 3 },
      { point: { name: 'S2' }, operatorId: 'in' },
    ])
  })
})

describe('the times at which a point is tried', () => {
  const point = defined(
    crashPoints.find(({ name }) => name === 'K2'),
    'K2 is a point',
  )
  const moments = { 'K2@out': 12 }

  test('are as many as were asked for, differ, and come in every run', () => {
    const trials = trialsOf({ point, operatorId: 'out' }, { moments }, { kills: 5, seed: 1 })

    const times = trials.map(({ nth }) => nth)
    expect(new Set(times).size).toBe(5)
    expect(Math.max(...times)).toBeLessThanOrEqual(9)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(1)
  })

  test('are no more than there are', () => {
    const chosen = { point, operatorId: 'out' }

    expect(trialsOf(chosen, { moments: { 'K2@out': 2 } }, { kills: 9, seed: 1 })).toHaveLength(1)
    expect(trialsOf(chosen, { moments: {} }, { kills: 9, seed: 1 })).toMatchObject([{ nth: 1 }])
  })

  test('follow from the seed, unless one is given', () => {
    const timesOf = (seed: number): readonly number[] =>
      trialsOf({ point, operatorId: 'out' }, { moments }, { kills: 3, seed }).map(({ nth }) => nth)

    expect(timesOf(7)).toEqual(timesOf(7))
    expect(timesOf(7)).not.toEqual(timesOf(8))
    const given = { point, operatorId: 'out', nth: 40 }
    expect(trialsOf(given, { moments }, { kills: 3, seed: 7 })).toMatchObject([{ nth: 40 }])
  })
})
