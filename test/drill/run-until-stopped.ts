import { consoleLogger, type JobDefinition, runJob } from '@flinkts/core'

/** Runs the job of a process of the drill until SIGTERM stops it; says `running` when it runs. */
export async function runUntilStopped(job: JobDefinition): Promise<void> {
  const handle = await runJob(job, {
    checkpointDirectory: process.env['CHECKPOINTS'] ?? '',
    logger: consoleLogger({ level: 'info', format: 'json' }),
  })
  process.stdout.write('running\n')
  process.on('SIGTERM', () => handle.stop())
  await handle.ended
}
