import type { Scheduler } from '@flinkts/core/connector'

/** How long a statement may take. @internal */
export interface StatementDeadline {
  readonly scheduler: Scheduler
  readonly timeoutMs: number
}

/**
 * Waits for a statement, and calls `giveUp` if it takes too long: that must make it fail.
 *
 * @internal
 */
export async function withinDeadline<T>(
  deadline: StatementDeadline | undefined,
  statement: () => Promise<T>,
  giveUp: (late: Error) => void,
): Promise<T> {
  if (deadline === undefined) return statement()
  const { scheduler, timeoutMs } = deadline
  const timer = scheduler.after(timeoutMs, () => {
    giveUp(new Error(`the server did not answer within ${timeoutMs} ms`))
  })
  try {
    return await statement()
  } finally {
    timer.cancel()
  }
}
