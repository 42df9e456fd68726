import { FlinktsError, messageOf } from '@flinkts/core/connector'
import { commits, sinkContradictions } from '../../capabilities/sink-capabilities.ts'
import { SinkScenario } from '../../engine/sink/sink-scenario.ts'
import { failOn, violation } from '../../engine/violation.ts'
import { withLargeRecord, withValues, workload } from '../../records/kit-record.ts'
import { compareRecords } from '../../records/oracle.ts'
import { trickyNames } from '../tricky-names.ts'
import type { SinkCheck } from './sink-check.ts'
import { needsCommits } from './needs.ts'

/** What the interfaces of a sink demand. @internal */
export const contractChecks: readonly SinkCheck[] = [
  {
    name: 'spec.valid',
    level: 'L0',
    holds: 'what is declared does not contradict itself, nor what the sink says and has',
    proves: [],
    once: true,
    async run(context) {
      const { capabilities } = context.driver
      await using scenario = await SinkScenario.open(context)
      const { sink } = scenario.job.parts
      const problems = [...sinkContradictions(capabilities)]
      if (sink.guarantee !== capabilities.guarantee) {
        problems.push(`the sink says ${sink.guarantee}, ${capabilities.guarantee} is declared`)
      }
      if (sink.description === '') problems.push('the sink has no description')
      if (sink.mechanism === '') problems.push('the sink does not say its mechanism')
      const committing = sink.createCommitter !== undefined
      if (committing !== commits(capabilities)) {
        const has = committing ? 'has a committer' : 'has no committer'
        problems.push(`the sink ${has}, and "${capabilities.mechanism}" is declared`)
      }
      if (committing !== (sink.committableSerializer !== undefined)) {
        problems.push('a committer and a committable serializer come together')
      }
      failOn(problems, 'the declaration does not hold')
    },
  },
  {
    name: 'target.emptyAtFirst',
    level: 'L0',
    holds: 'the driver gives a target in which nothing is visible or in flight, each its own',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      await using another = await SinkScenario.open(context)
      await scenario.expectVisible([], 'a new target')
      await scenario.expectNothingInFlight('a new target')
      const attempt = await scenario.job.start()
      await attempt.runToEnd()
      await attempt.close()
      await another.expectVisible([], 'a job wrote to another target')
    },
  },
  {
    name: 'types.roundTrip',
    level: 'L0',
    holds: 'text of any characters and length, and values as declared, come back as they were',
    proves: ['order', 'values'],
    async run(context) {
      const size = { splitCount: 2, batchCount: 2, recordsPerBatch: 100 }
      const records = withValues(workload(context.seed, size), context.driver.capabilities.values)
      await using scenario = await SinkScenario.openWith(context, records)
      await scenario.finish()
    },
  },
  {
    name: 'large.record',
    level: 'L0',
    holds: 'a record of several megabytes among small ones arrives whole, after a crash too',
    proves: [],
    once: true,
    async run(context) {
      const size = { splitCount: 2, batchCount: 3, recordsPerBatch: 3 }
      const records = withLargeRecord(workload(context.seed, size))
      await using scenario = await SinkScenario.openWith(context, records)
      await crashAfterOne(scenario)
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
        await using scenario = await SinkScenario.openNamed(context, name)
        await crashAfterOne(scenario).catch((cause: unknown) => {
          throw violation(`with the name ${name}: ${messageOf(cause)}`, cause)
        })
      }
    },
  },
  {
    name: 'close.twice',
    level: 'L0',
    holds: 'closing again what was closed does nothing, for writers and committers',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await job.start()
      await attempt.writeBatch()
      attempt.complete(await attempt.cut())
      await attempt.commit()
      await attempt.write(attempt.nextBatch)
      await attempt.close()
      await attempt.close()
      await scenario.finish()
    },
  },
  {
    name: 'close.beforeOpen',
    level: 'L0',
    holds: 'an attempt that ends before its first record leaves nothing',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      await attempt.close()
      await scenario.expectVisible([], 'closed before the first record')
      await scenario.expectNothingInFlight('closed before the first record')
    },
  },
  {
    name: 'close.endsWhatIsUnderWay',
    level: 'L0',
    holds: 'when a writer has closed in the middle of a checkpoint, nothing of it is still to come',
    proves: [],
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const attempt = await scenario.job.start()
      await attempt.writeBatch()
      const cut = attempt.cut()
      await attempt.close()
      const atOnce = await scenario.inFlight()
      await cut.catch(() => undefined)
      await scenario.quiet()
      const later = await scenario.inFlight()
      failOn(
        later.filter((name) => !atOnce.includes(name)).map((name) => `in flight: ${name}`),
        'after the writers had closed, there came more',
      )
      await scenario.expectVisible([], 'closed while a checkpoint was prepared')
      await scenario.finish()
    },
  },
  {
    name: 'preflight.findsNothing',
    level: 'L0',
    holds: 'on a target that is in order the preflight has no errors, and changes nothing',
    proves: [],
    once: true,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { signal } = new AbortController()
      const at = { operatorId: 'out', jobName: 'conformance', parallelism: 2, signal }
      const findings = (await scenario.job.parts.sink.preflight?.(at)) ?? []
      const errors = findings.filter(({ severity }) => severity === 'error')
      failOn(
        errors.map(({ code, message }) => `${code}: ${message}`),
        'the preflight',
      )
      await scenario.expectVisible([], 'after the preflight')
      await scenario.expectNothingInFlight('after the preflight')
    },
  },
  {
    name: 'serializer.roundTrip',
    level: 'L0',
    holds: 'a committable that went through its bytes is the same, and can be committed',
    proves: [],
    once: true,
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await job.start()
      await attempt.writeBatch()
      const cut = await attempt.cut()
      for (const { stored } of cut.prepared) {
        const again = job.parts.sink.committableSerializer?.serialize(job.read(stored))
        if (again === undefined || Buffer.compare(again, stored.bytes) !== 0) {
          throw violation('a committable changes when it goes through its bytes')
        }
      }
      attempt.complete(cut)
      await job.recover(job.stored.committables)
      await scenario.expectVisible(job.storedRecords, 'committed from the bytes of the checkpoint')
      await attempt.close()
    },
  },
  {
    name: 'serializer.refusesUnknownVersion',
    level: 'L0',
    holds: 'bytes of a later release are refused with FLINKTS_STATE_UNREADABLE, and not guessed',
    proves: [],
    once: true,
    needs: needsCommits,
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const attempt = await job.start()
      await attempt.writeBatch()
      const { prepared } = await attempt.cut()
      for (const { stored } of prepared) {
        const code = codeOf(() => job.read({ ...stored, version: stored.version + 1 }))
        if (code !== 'FLINKTS_STATE_UNREADABLE') {
          throw violation(`a committable of an unknown version gives ${code}`)
        }
      }
      await attempt.close()
    },
  },
  {
    name: 'attempts.neverOverwrite',
    level: 'L0',
    holds: 'no attempt overwrites what an earlier one made visible',
    proves: ['guarantee'],
    async run(context) {
      await using scenario = await SinkScenario.open(context)
      const { job } = scenario
      const { capabilities } = context.driver
      for (const batch of job.parts.workload.batches) {
        const attempt = await job.start()
        await attempt.checkpoint()
        await attempt.close()
        const found = await scenario.visible()
        const what = `an attempt for each checkpoint, at record ${batch[0]?.id}`
        failOn(compareRecords(job.storedRecords, found, capabilities), what)
      }
    },
  },
]

/** A checkpoint that completes, one that does not, and a restart. */
async function crashAfterOne(scenario: SinkScenario): Promise<void> {
  const first = await scenario.job.start()
  await first.checkpoint()
  await first.writeBatch()
  await first.cut()
  await scenario.crash(first, 'throw')
  await scenario.finish()
}

function codeOf(action: () => unknown): string {
  try {
    action()
    return 'no error'
  } catch (thrown) {
    return thrown instanceof FlinktsError ? thrown.code : String(thrown)
  }
}
