import process from 'node:process'
import { explainJob } from '@flinkts/core'
import { checkpointDirectory } from './checkpoint-directory.ts'
import type { ExplainFlags } from './command-line.ts'
import type { ExitCode } from './exit-code.ts'
import { explanationText } from './explanation-text.ts'
import { loadJob } from './load-job.ts'

/**
 * Prints how a job would run; opens nothing.
 *
 * @throws FlinktsError if there is no job to explain
 * @internal
 */
export async function explainCommand(file: string, flags: ExplainFlags): Promise<ExitCode> {
  const job = await loadJob(file)
  const { parallelism, threads, json = false } = flags
  const explanation = explainJob(job, {
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(threads === undefined ? {} : { threads }),
  })
  const checkpoints = `${checkpointDirectory(file, flags.checkpointDir)}/${job.name}`
  const text = json
    ? `${JSON.stringify({ ...explanation, checkpoints }, undefined, 2)}\n`
    : explanationText(explanation, checkpoints)
  process.stdout.write(text)
  return 0
}
