import { FlinktsError, messageOf } from '@flinkts/core/connector'
import type { UnreachableTarget } from '../driver/connector-driver.ts'

/**
 * What is wrong with how something fails at a target that it cannot use: it must, by an error with
 * a code and a hint, which is to be tried again or not as declared.
 *
 * @internal
 */
export async function misclassified(
  { because, retryable }: UnreachableTarget,
  what: string,
  attempt: () => Promise<unknown>,
): Promise<readonly string[]> {
  const where = `${what} where ${because}`
  try {
    await attempt()
    return [`${where}: no failure`]
  } catch (thrown) {
    if (!(thrown instanceof FlinktsError)) return [`${where}: no code, ${messageOf(thrown)}`]
    const { code, message, hint = '' } = thrown
    if (code === 'FLINKTS_CONFORMANCE_VIOLATED') return [`${where}: ${message}`]
    if (hint === '') return [`${where}: ${code} without a hint`]
    const again = retryable ? 'is not tried again' : 'is tried again'
    return thrown.retryable === retryable ? [] : [`${where}: ${code} ${again}`]
  }
}
