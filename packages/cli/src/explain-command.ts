import process from 'node:process'
import { explainJob, type JobExplanation } from '@flinkts/core'
import { checkpointDirectory } from './checkpoint-directory.ts'
import type { ExplainFlags } from './command-line.ts'
import { readEvidence } from './conformance-evidence.ts'
import type { ExitCode } from './exit-code.ts'
import { explanationText, type WithEvidence } from './explanation-text.ts'
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
  const explanation = await withEvidence(
    explainJob(job, {
      ...(parallelism === undefined ? {} : { parallelism }),
      ...(threads === undefined ? {} : { threads }),
    }),
  )
  const checkpoints = `${checkpointDirectory(file, flags.checkpointDir)}/${job.name}`
  const text = json
    ? `${JSON.stringify({ ...explanation, checkpoints }, undefined, 2)}\n`
    : explanationText(explanation, checkpoints)
  process.stdout.write(text)
  return 0
}

/** In place of the URLs of reports, what they say. */
async function withEvidence(explanation: JobExplanation): Promise<WithEvidence> {
  const sources = explanation.sources.map(async (source) => {
    return { ...source, conformance: await readEvidence(source.conformance) }
  })
  const sinks = explanation.sinks.map(async (sink) => {
    return { ...sink, conformance: await readEvidence(sink.conformance, sink.guarantee) }
  })
  return { ...explanation, sources: await Promise.all(sources), sinks: await Promise.all(sinks) }
}
