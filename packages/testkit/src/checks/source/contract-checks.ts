import { delay, messageOf } from '@flinkts/core/connector'
import { sourceContradictions } from '../../capabilities/source-capabilities.ts'
import { scheduler } from '../../engine/kit-runtime.ts'
import { batchesAtFirst, SourceScenario } from '../../engine/source/source-scenario.ts'
import { failOn, violation } from '../../engine/violation.ts'
import { withLargeRecord, withValues, workload } from '../../records/kit-record.ts'
import { trickyNames } from '../tricky-names.ts'
import { pollChecks } from './poll-checks.ts'
import { serializerChecks } from './serializer-checks.ts'
import type { SourceCheck } from './source-check.ts'

/** How long a reader that has nothing to do may take to close. */
const closeMsMax = 2_000

/** What the interfaces of a source demand. @internal */
export const contractChecks: readonly SourceCheck[] = [
  {
    name: 'spec.valid',
    level: 'L0',
    holds: 'what is declared does not contradict itself, nor what the source says',
    proves: ['boundedness'],
    once: true,
    async run(context) {
      const { capabilities } = context.driver
      await using scenario = await SourceScenario.open(context)
      const { source } = scenario.job
      const problems = [...sourceContradictions(capabilities)]
      if (source.boundedness !== capabilities.boundedness) {
        problems.push(
          `the source says ${source.boundedness}, ${capabilities.boundedness} is declared`,
        )
      }
      if (source.replayable !== capabilities.replayable) {
        problems.push(`the source says replayable: ${source.replayable}, the declaration does not`)
      }
      if (source.description === '') problems.push('the source has no description')
      if (source.mechanism === '') problems.push('the source does not say its mechanism')
      failOn(problems, 'the declaration does not hold')
    },
  },
  {
    name: 'preflight.findsNothing',
    level: 'L0',
    holds: 'where all is in order the preflight has no errors, and changes nothing',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const { signal } = new AbortController()
      const at = { operatorId: 'in', jobName: 'conformance', parallelism: 2, signal }
      const findings = (await scenario.job.source.preflight?.(at)) ?? []
      const errors = findings.filter(({ severity }) => severity === 'error')
      failOn(
        errors.map(({ code, message }) => `${code}: ${message}`),
        'the preflight',
      )
      await scenario.finish()
    },
  },
  {
    name: 'types.roundTrip',
    level: 'L0',
    holds: 'text of any characters and length, and values as declared, come as they were written',
    proves: ['values'],
    async run(context) {
      const size = { splitCount: 2, batchCount: 2 * batchesAtFirst, recordsPerBatch: 25 }
      const records = withValues(workload(context.seed, size), context.driver.capabilities.values)
      await using scenario = await SourceScenario.openWith(context, records)
      await scenario.finish({ pollRecordsMax: 50 })
    },
  },
  {
    name: 'large.record',
    level: 'L0',
    holds: 'a record of several megabytes among small ones comes whole, after a restart too',
    proves: [],
    once: true,
    async run(context) {
      const size = { splitCount: 2, batchCount: 3, recordsPerBatch: 3 }
      const records = withLargeRecord(workload(context.seed, size))
      await using scenario = await SourceScenario.openWith(context, records)
      await readWithRestart(scenario)
    },
  },
  {
    name: 'names.tricky',
    level: 'L0',
    holds: 'names with quotes, dots, capitals, digits first, `%s`, `$1` or 63 bytes are only names',
    proves: [],
    once: true,
    needs: (_capabilities, driver) =>
      driver.setupNamed === undefined ? 'the driver has no setupNamed' : undefined,
    async run(context) {
      for (const name of trickyNames) {
        await using scenario = await SourceScenario.openNamed(context, name)
        await readWithRestart(scenario).catch((cause: unknown) => {
          throw violation(`with the name ${name}: ${messageOf(cause)}`, cause)
        })
      }
    },
  },
  {
    name: 'empty.input',
    level: 'L0',
    holds: 'where there is nothing, nothing comes; a bounded source ends, another waits',
    proves: [],
    async run(context) {
      const size = { splitCount: 1, batchCount: 0, recordsPerBatch: 0 }
      await using scenario = await SourceScenario.openEmpty(context, workload(context.seed, size))
      const attempt = await scenario.start()
      await scenario.idle(attempt)
      await attempt.checkpoint()
      const bounded = context.driver.capabilities.boundedness === 'bounded'
      if (!bounded && attempt.ended) throw violation('an unbounded source has ended')
      await scenario.runOut(attempt)
    },
  },
  {
    name: 'endOfInput.lastRecords',
    level: 'L0',
    holds: 'the input ends when all was emitted, and not before, for every subtask',
    proves: ['boundedness'],
    needs: ({ boundedness }) => (boundedness === 'bounded' ? undefined : 'the input has no end'),
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const attempt = await scenario.start()
      await scenario.readAll(attempt)
      scenario.expectAll('at the end of the input', scenario.emitted(attempt))
      await attempt.checkpoint()
      await scenario.crash(attempt, 'throw')
      await scenario.finish()
    },
  },
  {
    name: 'close.beforeOpen',
    level: 'L0',
    holds: 'what was created and never started can be closed',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      await scenario.job.create().close()
      await scenario.finish()
    },
  },
  {
    name: 'close.twice',
    level: 'L0',
    holds: 'closing again what was closed does nothing',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const attempt = await scenario.start()
      await scenario.emitSome(attempt, 1)
      await scenario.close(attempt)
      await attempt.close()
      await scenario.finish()
    },
  },
  {
    name: 'close.duringBlockedRead',
    level: 'L0',
    holds: 'a reader closes within two seconds, whatever it waits for',
    proves: [],
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const waiting = await scenario.start()
      await scenario.readAll(waiting)
      await expectClosed(waiting, 'while it waits for more')
      const reading = await scenario.start()
      await expectClosed(reading, 'as soon as it has started')
      await scenario.finish()
    },
  },
  ...pollChecks,
  ...serializerChecks,
]

async function readWithRestart(scenario: SourceScenario): Promise<void> {
  const first = await scenario.start()
  await scenario.emitSome(first, 3)
  await first.checkpoint()
  await scenario.crash(first, 'throw')
  await scenario.finish()
}

async function expectClosed(attempt: { close(): Promise<void> }, when: string): Promise<void> {
  const limit = new AbortController()
  const closed = attempt.close().then(() => true)
  const late = delay(scheduler, closeMsMax, limit.signal).then(() => false)
  const inTime = await Promise.race([closed, late])
  limit.abort()
  if (!inTime) throw violation(`does not close within ${closeMsMax} ms ${when}`)
}
