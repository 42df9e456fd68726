import { SourceScenario } from '../../engine/source/source-scenario.ts'
import { type KitRecord, withKey, workload } from '../../records/kit-record.ts'
import { needsSplits } from './needs.ts'
import type { SourceCheck, SourceCheckContext } from './source-check.ts'

/** How the input is shared, and what changes in it. @internal */
export const splitChecks: readonly SourceCheck[] = [
  {
    name: 'splits.addRemove',
    level: 'L2',
    holds: 'splits that come while the job runs are read, and those that were read may go',
    proves: ['splits'],
    needs: (capabilities) =>
      capabilities.splits === 'discovered' ? undefined : 'no splits are discovered',
    async run(context) {
      const { driver } = context
      await using scenario = await SourceScenario.open(context)
      const attempt = await scenario.start()
      await scenario.readAll(attempt)
      await scenario.write(newSplits(context, 5))
      await scenario.readAll(attempt)
      await scenario.comeToRest(attempt)
      await scenario.close(attempt)
      await driver.pruneUpstream?.(scenario.target)
      const next = await scenario.start()
      await scenario.write(newSplits(context, 8))
      await scenario.runOut(next)
    },
  },
  rescaled('rescale.up', 3, 'from 2 to 3'),
  rescaled('rescale.down', 1, 'from 2 to 1'),
]

function rescaled(name: string, parallelism: number, how: string): SourceCheck {
  return {
    name,
    level: 'L2',
    holds: `a restart ${how} subtasks gives every split to one of them, at its position`,
    proves: ['splits'],
    needs: needsSplits,
    async run(context) {
      await using scenario = await SourceScenario.open(context)
      const first = await scenario.start()
      await scenario.emitSome(first, scenario.upTo(8))
      await first.checkpoint()
      await scenario.crash(first, 'throw')
      const second = await scenario.start({ parallelism })
      await scenario.emitSome(second, scenario.upTo(4))
      await second.checkpoint()
      await scenario.crash(second, 'throw')
      await scenario.finish({ parallelism: 5 - parallelism })
    },
  }
}

/** Records of splits that no batch has. */
function newSplits({ seed }: SourceCheckContext, from: number): readonly KitRecord[] {
  const size = { splitCount: 2, batchCount: 1, recordsPerBatch: 4 }
  return workload(seed + from, size)
    .batches.flat()
    .map((record) => withKey(record, record.split + from, record.seq))
}
