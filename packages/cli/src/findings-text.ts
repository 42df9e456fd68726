import type { JobFinding } from '@flinkts/core'

/**
 * Findings for people, errors first; every line ended.
 *
 * @internal
 */
export function findingsText(findings: readonly JobFinding[]): string {
  const errorsFirst = findings.toSorted((a, b) => rank(a) - rank(b))
  return errorsFirst
    .map(({ severity, operatorId, code, message, hint }) => {
      const heading = `${severity === 'error' ? 'Error' : 'Warning'} in "${operatorId}": ${message}`
      return `${heading} (${code})\n  Fix: ${hint.split('\n').join('\n       ')}\n`
    })
    .join('')
}

function rank({ severity }: JobFinding): number {
  return severity === 'error' ? 0 : 1
}
