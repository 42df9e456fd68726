import { type Finding, FlinktsError } from '@flinkts/core/connector'

/** An error of Kafka as a finding. @internal */
export function findingOf(
  { code, message, hint = '' }: FlinktsError,
  severity: Finding['severity'] = 'error',
): Finding {
  const name = code
    .replace(/^FLINKTS_(KAFKA_)?/, '')
    .toLowerCase()
    .replaceAll('_', '-')
  return { severity, code: name, message, hint }
}

/**
 * A step of a preflight, whose failure is a finding too.
 *
 * @returns undefined if it failed
 * @internal
 */
export async function attempt<T>(
  findings: Finding[],
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof FlinktsError)) throw error
    findings.push(findingOf(error))
    return undefined
  }
}
