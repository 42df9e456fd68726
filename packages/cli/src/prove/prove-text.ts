import { type Difference, differenceKinds } from './compare.ts'
import type { ProvableJob } from './provers.ts'
import type { Reference } from './reference.ts'
import type { Trial, TrialResult } from './trial.ts'
import type { Candidate } from './trials.ts'

const statusWords = { ok: 'ok', failed: 'FAILED', 'not-reached': 'NOT REACHED' } as const
const examplesMax = 3
const exampleLengthMax = 160

/** What is proved, and that nothing of it is touched. @internal */
export function jobText(name: string, { sources, sinks }: ProvableJob): string {
  return [
    `Proving job "${name}"`,
    ...sources.map(({ operatorId, description, cutOff }) => {
      const cut = cutOff ? ', what is there now' : ''
      return `  reads   ${operatorId}: ${description}${cut}`
    }),
    ...sinks.map(
      ({ operatorId, description }) => `  copies  ${operatorId}: ${description}, left as it is`,
    ),
    '',
  ].join('\n')
}

/** @internal */
export function referenceText({ run }: Reference): string {
  const counts = [...run.committed].map(([id, records]) => `${records.length} records in "${id}"`)
  const leftOut = [...run.leftOut].flatMap(([id, parts]) =>
    parts.map((part) => `  not compared in "${id}": ${part}\n`),
  )
  return `undisturbed, twice: the same, ${counts.join(', ')}\n${leftOut.join('')}`
}

/** A line for a trial that holds, and more for one that does not. @internal */
export function resultText(result: TrialResult, replay: string): string {
  const { trial, status, differences, problems } = result
  const line = `${trialText(trial)}  ${statusWords[status]}`
  if (status !== 'failed') return `${line}\n${notReachedText(result, replay)}`
  const lines = [
    line,
    ...problems.map((problem) => `      ${problem}`),
    ...[...differences].flatMap(([operatorId, difference]) =>
      differenceLines(difference).map((found) => `      in "${operatorId}": ${found}`),
    ),
    `      replay: ${replay}`,
  ]
  return `${lines.join('\n')}\n`
}

/** What stays of a run with `--keep`. @internal */
export function keptText({ run }: Pick<TrialResult, 'run'>): string {
  const copies = Object.entries(run.copies).map(([id, copy]) => `      kept: "${id}" in ${copy}\n`)
  return `${copies.join('')}      kept: checkpoints in ${run.checkpointDirectory}\n`
}

/** @internal */
export function inapplicableText({ point, operatorId, inapplicable }: Candidate): string {
  return `${placeText(point.name, operatorId)}  does not apply: ${inapplicable}\n`
}

/** The line at the end. @internal */
export function verdictText(results: readonly TrialResult[]): string {
  const count = (status: TrialResult['status']): number =>
    results.filter((result) => result.status === status).length
  const [ok, failed, notReached] = [count('ok'), count('failed'), count('not-reached')]
  const trials = `${results.length} crash${results.length === 1 ? '' : 'es'}`
  if (ok === results.length) return `Proved: what is committed is the same after ${trials}.\n`
  const others = [
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(notReached === 0 ? [] : [`${notReached} not reached`]),
  ]
  return `Not proved: of ${trials} ${others.join(', ')}.\n`
}

/** What differs, and examples of it; a line for each kind. @internal */
export function differenceLines(difference: Difference): readonly string[] {
  return differenceKinds.flatMap((kind) => {
    const texts = difference[kind]
    if (texts.length === 0) return []
    const examples = texts.slice(0, examplesMax).map(shortened)
    const more = texts.length > examplesMax ? ', …' : ''
    return [`${kind} ${texts.length}: ${examples.join(', ')}${more}`]
  })
}

/** What a trial is, for people: where, and when. @internal */
export function trialText({ point, operatorId, nth }: Trial): string {
  return `${placeText(point.name, operatorId)}  ${point.when} (time ${nth})`
}

function placeText(point: string, operatorId: string): string {
  return `  ${point.padEnd(3)} ${operatorId}`
}

function notReachedText({ status, times }: TrialResult, replay: string): string {
  if (status === 'ok') return ''
  const often = times === 0 ? 'not at all' : `${times} times`
  return (
    `      the job ended before; undisturbed, it came there ${often}\n` +
    '      give it more input, or leave the point out with --points\n' +
    `      replay: ${replay}\n`
  )
}

function shortened(text: string): string {
  return text.length <= exampleLengthMax ? text : `${text.slice(0, exampleLengthMax)}…`
}
