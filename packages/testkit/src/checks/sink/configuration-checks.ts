import { commits } from '../../capabilities/sink-capabilities.ts'
import { textOf } from '../../engine/recording-logger.ts'
import type { SinkJob } from '../../engine/sink/sink-job.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { failOn } from '../../engine/violation.ts'
import { misclassified } from '../classified.ts'
import { optionChecks } from '../option-checks.ts'
import { expectNoSecret } from '../secrets.ts'
import type { SinkCheck } from './sink-check.ts'

/** Options, what they hide, and what they may lead to. @internal */
export const configurationChecks: readonly SinkCheck[] = [
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
      await using scenario = await SinkScenario.open(context)
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
    holds: 'where the target cannot be used all fail with a code and a hint, retryable as declared',
    proves: [],
    once: true,
    needs: (_capabilities, driver) =>
      driver.unreachable === undefined ? 'the driver has no unreachable' : undefined,
    async run(context) {
      const { driver } = context
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await job.start()
      await attempt.writeBatch()
      attempt.complete(await attempt.cut())
      const problems: string[] = []
      for (const unreachable of (await driver.unreachable?.(scenario.target)) ?? []) {
        const at = (): SinkJob => scenario.jobAt(unreachable.target)
        const { because } = unreachable
        problems.push(...(await misclassified(unreachable, 'a writer', () => runAt(at()))))
        if (commits(driver.capabilities)) {
          const commit = (): Promise<void> => commitAt(at(), job)
          problems.push(...(await misclassified(unreachable, 'a committer', commit)))
        }
        const found = await findingsOf(at())
        const errors = found?.filter(({ severity }) => severity === 'error')
        if (errors?.length === 0) problems.push(`the preflight where ${because}: no error`)
      }
      failOn(problems, 'a target that cannot be used')
      await attempt.commit()
      await scenario.runOut(attempt)
    },
  },
]

/** What a job shows that is disturbed in every way. */
async function traceOf(scenario: SinkScenario): Promise<string[]> {
  const { job } = scenario
  const { sink } = job.parts
  const seen = [sink.description, sink.mechanism, textOf(await findingsOf(job))]
  const note = (thrown: unknown): void => void seen.push(textOf(thrown))
  const attempt = await job.start()
  await attempt.checkpoint()
  await attempt.writeBatch()
  attempt.complete(await attempt.cut())
  const { committables, writerStates } = job.stored
  const states = [...committables, ...writerStates]
  seen.push(...states.map(({ bytes }) => Buffer.from(bytes).toString('latin1')))
  await scenario.killConnections()
  await attempt.writeBatch().catch(note)
  await attempt.cut().catch(note)
  await scenario.removePrepared()
  await attempt.commit().catch(note)
  await attempt.close().catch(note)
  return seen
}

type Findings = Awaited<ReturnType<NonNullable<SinkJob['parts']['sink']['preflight']>>>

/** `undefined`: the sink has no preflight. */
function findingsOf({ parts }: SinkJob): Promise<Findings> | undefined {
  const { signal } = new AbortController()
  return parts.sink.preflight?.({
    operatorId: 'out',
    jobName: 'conformance',
    parallelism: 1,
    signal,
  })
}

/** A checkpoint of a job of its own. */
async function runAt(job: SinkJob): Promise<void> {
  const attempt = await job.start(1)
  try {
    await attempt.checkpoint()
  } finally {
    await attempt.close().catch(() => undefined)
  }
}

/** Commits there what another job has prepared. */
async function commitAt(job: SinkJob, { stored }: SinkJob): Promise<void> {
  await job.withCommitter(async (committer) => {
    for (const each of stored.committables) {
      const outcome = await committer.commit(job.read(each))
      if (outcome.status === 'retry') throw outcome.cause
    }
  })
}
