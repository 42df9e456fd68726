import process from 'node:process'
import { checkJob, type JobDefinition, type JobFinding } from '@flinkts/core'
import type { CheckFlags } from './command-line.ts'
import type { ExitCode } from './exit-code.ts'
import { findingsText } from './findings-text.ts'
import { loadJob } from './load-job.ts'

/**
 * Prints what the checks of every connector of a job found.
 *
 * @throws FlinktsError if there is no job to check
 * @internal
 */
export async function checkCommand(file: string, flags: CheckFlags): Promise<ExitCode> {
  const job = await loadJob(file)
  const { parallelism, json = false } = flags
  const findings = await checkJob(job, parallelism === undefined ? {} : { parallelism })
  process.stdout.write(json ? checkJson(job, findings) : checkText(job, findings))
  return ready(findings) ? 0 : 3
}

function ready(findings: readonly JobFinding[]): boolean {
  return findings.every(({ severity }) => severity !== 'error')
}

function checkJson({ name }: JobDefinition, findings: readonly JobFinding[]): string {
  return `${JSON.stringify({ job: name, ready: ready(findings), findings }, undefined, 2)}\n`
}

function checkText({ name }: JobDefinition, findings: readonly JobFinding[]): string {
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const counts = `${counted(errors, 'error')}, ${counted(findings.length - errors, 'warning')}`
  const verdict = errors === 0 ? 'can start' : 'cannot start'
  return `${findingsText(findings)}Job "${name}" ${verdict}: ${counts}.\n`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
