import { describe, expect, test } from 'vitest'
import { preflightJob, refuse } from '../../src/api/check-job.ts'
import { defineJob, type JobDefinition } from '../../src/api/define-job.ts'
import { planOf } from '../../src/api/start-job.ts'
import { FlinktsError } from '../../src/common/errors.ts'
import type { AsyncFunction } from '../../src/connector/async-function.ts'
import type { Finding, Preflight, PreflightContext } from '../../src/connector/preflight.ts'
import { ManualScheduler } from '../../src/testing/manual-scheduler.ts'
import { sinkOf, sourceOf } from './fixtures.ts'

function jobOf(source: Preflight, sink: Preflight = {}): JobDefinition {
  return defineJob('orders', {}, (env) => {
    env.source('in', sourceOf<number>(source), { parallelism: 3 }).sinkTo('out', sinkOf(sink))
  })
}

function check(
  job: JobDefinition,
  scheduler: ManualScheduler = new ManualScheduler(),
): ReturnType<typeof preflightJob> {
  return preflightJob(job, planOf(job), scheduler)
}

function findingOf(severity: Finding['severity'], code: string): Finding {
  return { severity, code, message: `${code} is wrong`, hint: `Mend ${code}.` }
}

describe('the preflight of a job', () => {
  test('gathers every finding of every connector, with the operator', async () => {
    const job = jobOf(
      {
        preflight: () =>
          Promise.resolve([findingOf('warning', 'slow-disk'), findingOf('error', 'wal-level')]),
      },
      { preflight: () => Promise.resolve([findingOf('error', 'no-bucket')]) },
    )

    const findings = await check(job)

    expect(findings.map(({ operatorId, code }) => `${operatorId} ${code}`)).toEqual([
      'in slow-disk',
      'in wal-level',
      'out no-bucket',
    ])
  })

  test('asks the functions of async operators too', async () => {
    const customers: AsyncFunction<number, number> = {
      preflight: ({ operatorId, parallelism }) =>
        Promise.resolve([findingOf('warning', `no-index-for-${operatorId}-${parallelism}`)]),
      open: () => Promise.reject(new Error('the job was not to run')),
    }
    const job = defineJob('orders', {}, (env) => {
      const numbers = env.source('in', sourceOf<number>())
      const enriched = numbers
        .mapAsync('plain', (value) => value, { timeoutMs: 1 })
        .mapAsync('customers', customers, { timeoutMs: 1, parallelism: 2 })
      enriched.sinkTo('out', sinkOf())
    })

    const findings = await check(job)

    expect(findings).toMatchObject([
      { operatorId: 'customers', code: 'no-index-for-customers-2', severity: 'warning' },
    ])
  })

  test('tells a connector where it is', async () => {
    const contexts: PreflightContext[] = []
    const job = jobOf({
      preflight: (context) => {
        contexts.push(context)
        return Promise.resolve([])
      },
    })

    await check(job)

    expect(contexts).toMatchObject([{ operatorId: 'in', jobName: 'orders', parallelism: 3 }])
    expect(contexts[0]?.signal.aborted).toBe(true)
  })

  test('finds nothing in connectors without one', async () => {
    expect(await check(jobOf({}))).toEqual([])
  })

  test('takes what is thrown for a finding', async () => {
    const job = jobOf(
      { preflight: () => Promise.reject(new Error('no server')) },
      {
        preflight: () => {
          throw new FlinktsError('FLINKTS_STORAGE_UNWRITABLE', 'no right', { hint: 'chmod.' })
        },
      },
    )

    const findings = await check(job)

    expect(findings).toMatchObject([
      { operatorId: 'in', severity: 'error', code: 'preflight-failed', message: 'no server' },
      { operatorId: 'out', severity: 'error', code: 'FLINKTS_STORAGE_UNWRITABLE', hint: 'chmod.' },
    ])
  })

  test('takes too long a silence for a finding, and lets the connector give up', async () => {
    const scheduler = new ManualScheduler()
    const signals: AbortSignal[] = []
    const job = jobOf({
      preflight: ({ signal }) => {
        signals.push(signal)
        return new Promise(() => {})
      },
    })

    const checked = check(job, scheduler)
    await scheduler.advance(15_000)

    expect(await checked).toMatchObject([{ operatorId: 'in', code: 'preflight-timeout' }])
    expect(signals[0]?.aborted).toBe(true)
    expect(scheduler.timerCount).toBe(0)
  })

  test('stops the start with all errors at once', () => {
    const findings = ['a', 'b'].map((code) => ({
      operatorId: `op-${code}`,
      ...findingOf('error', code),
    }))

    const start = (): void => refuse('orders', findings)

    expect(start).toThrow(
      expect.objectContaining({
        code: 'FLINKTS_PREFLIGHT_FAILED',
        message: 'job "orders" cannot start: "op-a": a is wrong (a); "op-b": b is wrong (b)',
        hint: 'Mend a. Mend b.',
      }),
    )
  })

  test('lets warnings pass', () => {
    const warning = { operatorId: 'in', ...findingOf('warning', 'slow-disk') }

    expect(() => refuse('orders', [warning])).not.toThrow()
  })
})
