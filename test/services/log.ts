/**
 * Says what the preparation of the services is doing, one line a step.
 * @internal
 */
export type Log = (step: string) => void

/** Prints the step with a prefix that the shell scripts use too. @internal */
export const printStep: Log = (step) => {
  process.stdout.write(`test services: ${step}\n`)
}
