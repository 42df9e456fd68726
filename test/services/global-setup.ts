import { endRun } from './owner.ts'
import { prepareServices } from './prepare.ts'

/** Called by the test runner before the first test. @internal */
export async function setup(): Promise<void> {
  await prepareServices()
}

/** Called by the test runner after the last test. @internal */
export async function teardown(): Promise<void> {
  await endRun(() => undefined)
}
