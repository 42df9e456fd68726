import { FlinktsError } from '@flinkts/core/connector'

/** The error that `action` throws. */
export function failureOf(action: () => unknown): FlinktsError {
  try {
    action()
  } catch (thrown) {
    if (thrown instanceof FlinktsError) return thrown
    throw thrown
  }
  throw new Error('nothing was thrown')
}
