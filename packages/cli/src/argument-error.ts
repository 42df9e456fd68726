import { FlinktsError } from '@flinkts/core'

/**
 * The error of a wrong command line.
 *
 * @param text - As the parser writes it: `error: unknown option '--form'`; a suggestion below.
 * @internal
 */
export function argumentError(text: string): FlinktsError {
  const [first = '', ...rest] = text.replace(/^error: /, '').split('\n')
  // After the first sentence it says what is expected.
  const [problem = first, ...expected] = first.split(/\.\s+(?=[A-Z])/)
  const suggestion = rest
    .join(' ')
    .trim()
    .replace(/^\((.*)\)$/, '$1')
  const hints = [...expected.map(ended), suggestion, runHint(problem), 'See flinkts --help.']
  return new FlinktsError('FLINKTS_ARGUMENT_INVALID', problem.replace(/\.$/, ''), {
    hint: hints.filter((hint) => hint !== '').join(' '),
  })
}

function ended(sentence: string): string {
  return sentence.endsWith('.') ? sentence : `${sentence}.`
}

/** For who names the file, and forgets the command. */
function runHint(problem: string): string {
  const file = /^unknown command '(.*\.[cm]?[jt]s)'$/.exec(problem)?.[1]
  return file === undefined ? '' : `To run a job: flinkts run ${file}.`
}
