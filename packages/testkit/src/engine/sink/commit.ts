import { delay } from '@flinkts/core/connector'
import type { Committer } from '@flinkts/core/connector'
import { scheduler } from '../kit-runtime.ts'
import { violation } from '../violation.ts'

const triesMax = 20
const delayMs = 25

/** Commits as the engine does: what is to be tried again is, for a while. @internal */
export async function commitUntilDone(
  committer: Committer<unknown>,
  committable: unknown,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const outcome = await committer.commit(committable)
    if (outcome.status !== 'retry') return
    if (tries === triesMax) {
      throw violation(`a commit wants to be tried again after ${triesMax} times`, outcome.cause)
    }
    await delay(scheduler, delayMs)
  }
}

/** A promise that is awaited later, or, if something else fails first, by nobody. @internal */
export function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
