import { textOf } from '../../engine/recording-logger.ts'
import type { SourceJob } from '../../engine/source/source-job.ts'
import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { failOn } from '../../engine/violation.ts'
import { misclassified } from '../classified.ts'
import { optionChecks } from '../option-checks.ts'
import { expectNoSecret } from '../secrets.ts'
import type { SourceCheck } from './source-check.ts'

/** Options, what they hide, and what they may lead to. @internal */
export const configurationChecks: readonly SourceCheck[] = [
  ...optionChecks,
  {
    name: 'config.secretsNeverLogged',
    level: 'L0',
    holds: 'no secret is in a log line, an error, a finding, a description or a checkpoint',
    proves: [],
    once: true,
    needs: (_capabilities, driver) =>
      driver.secrets === undefined ? 'the driver has no secrets' : undefined,
    async run(context) {
      const { driver } = context
      await using scenario = await SourceScenario.open(context)
      const { job, target } = scenario
      const seen = await traceOf(scenario)
      for (const unreachable of (await driver.unreachable?.(target)) ?? []) {
        const elsewhere = scenario.jobAt(unreachable.target)
        seen.push(textOf(await findingsOf(elsewhere)))
        await runAt(elsewhere).catch((thrown: unknown) => seen.push(textOf(thrown)))
        seen.push(...elsewhere.logger.lines)
      }
      expectNoSecret([...seen, ...job.logger.lines], driver.secrets?.(target) ?? [])
    },
  },
  {
    name: 'errors.classified',
    level: 'L0',
    holds: 'where the input cannot be read it fails with a code and a hint, retryable as declared',
    proves: [],
    once: true,
    needs: (_capabilities, driver) =>
      driver.unreachable === undefined ? 'the driver has no unreachable' : undefined,
    async run(context) {
      const { driver } = context
      await using scenario = await SourceScenario.open(context)
      const problems: string[] = []
      for (const unreachable of (await driver.unreachable?.(scenario.target)) ?? []) {
        const at = (): SourceJob => scenario.jobAt(unreachable.target)
        problems.push(...(await misclassified(unreachable, 'a source', () => runAt(at()))))
        const found = await findingsOf(at())
        const errors = found?.filter(({ severity }) => severity === 'error')
        if (errors?.length === 0) {
          problems.push(`the preflight where ${unreachable.because}: no error`)
        }
      }
      failOn(problems, 'input that cannot be read')
      await scenario.finish()
    },
  },
]

/** What a job shows that is disturbed in every way. */
async function traceOf(scenario: SourceScenario): Promise<string[]> {
  const { driver, job, target } = scenario
  const { source } = job
  const seen = [source.description, source.mechanism, textOf(await findingsOf(job))]
  const attempt = await scenario.start()
  await scenario.readAll(attempt)
  await driver.killConnections?.(target)
  await scenario.idle(attempt)
  await attempt.checkpoint()
  await scenario.close(attempt)
  const states = [job.stored.enumerator, ...job.stored.splits.flat()]
  seen.push(...states.map((state) => Buffer.from(state?.bytes ?? []).toString('latin1')))
  if (driver.pruneUpstream === undefined) return seen
  await driver.pruneUpstream(target)
  const failed = await job.start().catch((thrown: unknown) => seen.push(textOf(thrown)))
  if (typeof failed !== 'number') await failed.close()
  return seen
}

type Findings = Awaited<ReturnType<NonNullable<SourceJob['source']['preflight']>>>

/** `undefined`: the source has no preflight. */
function findingsOf({ source }: SourceJob): Promise<Findings> | undefined {
  const { signal } = new AbortController()
  return source.preflight?.({ operatorId: 'in', jobName: 'conformance', parallelism: 1, signal })
}

/** Rejects with what the source says; with a violation if it neither fails nor ends. */
async function runAt(job: SourceJob): Promise<void> {
  const attempt = await job.start({ parallelism: 1 })
  try {
    const deadline = job.deadline()
    while (!attempt.ended) {
      deadline.check(() => 'the source does not fail')
      await attempt.step()
    }
  } finally {
    await attempt.close().catch(() => undefined)
  }
}
