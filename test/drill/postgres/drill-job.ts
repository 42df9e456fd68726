/**
 * The job of the drill, run until SIGTERM stops it: every row and every change of the table
 * `accounts` becomes one row of the table `copied`, in another database, exactly once.
 *
 * Reads SOURCE_URL, TARGET_URL, MODE and CHECKPOINTS of its environment; says `running` when it
 * runs.
 */
import { defineJob } from '@flinkts/core'
import { type Change, type PgValue, postgresCdc, postgresSink } from '@flinkts/postgres'
import { runUntilStopped } from '../run-until-stopped.ts'

type CopiedChange = Readonly<Record<string, PgValue | undefined>>

const { SOURCE_URL, TARGET_URL, MODE } = process.env

const accounts = postgresCdc({
  connection: { url: SOURCE_URL },
  tables: ['accounts'],
  snapshot: { chunkRows: 500 },
})

const copied = postgresSink<CopiedChange>({
  connection: { url: TARGET_URL },
  mode: MODE === 'staged' ? 'staged' : 'twoPhase',
  table: 'copied',
})

function copiedChange({ operation, before, after, source }: Change): CopiedChange {
  return { operation, lsn: source.lsn, position: source.position, ...(after ?? before) }
}

const job = defineJob('drill', { checkpointIntervalMs: 100, parallelism: 2 }, (env) => {
  env.source('accounts', accounts).map(copiedChange).rebalance().sinkTo('copied', copied)
})

await runUntilStopped(job)
