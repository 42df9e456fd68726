import { setTimeout as delay } from 'node:timers/promises'

/** Bounds of a wait. @internal */
export interface WaitOptions {
  /** How long to wait at most, in ms; 30 000 unless told. */
  readonly timeoutMs?: number
  /** The pause between two attempts, in ms; 50 unless told. */
  readonly intervalMs?: number
}

/**
 * Repeats `probe` until it returns without throwing, and returns its result. `goal` completes the
 * sentence "timed out waiting for …". The last failure of the probe is the cause of the error.
 * @throws Error when the time is over, also while a probe is still running
 * @internal
 */
export async function eventually<Result>(
  goal: string,
  probe: () => Result | Promise<Result>,
  { timeoutMs = 30_000, intervalMs = 50 }: WaitOptions = {},
): Promise<Result> {
  const deadline = performance.now() + timeoutMs
  let lastFailure: unknown
  while (performance.now() < deadline) {
    const attempt = Promise.resolve().then(probe)
    const outcome = await settled(attempt, deadline - performance.now())
    if (outcome.type === 'done') return outcome.result
    if (outcome.type === 'late') break
    lastFailure = outcome.reason
    await delay(intervalMs)
  }
  throw new Error(`timed out waiting for ${goal} (${timeoutMs} ms)`, { cause: lastFailure })
}

/**
 * Waits for one promise, a limited time. `goal` completes the sentence "timed out waiting for …".
 * @throws Error when the time is over; what the promise rejects with, when it rejects
 * @internal
 */
export async function within<Result>(
  goal: string,
  timeoutMs: number,
  promise: Promise<Result>,
): Promise<Result> {
  const outcome = await settled(promise, timeoutMs)
  if (outcome.type === 'done') return outcome.result
  if (outcome.type === 'failed') throw outcome.reason
  throw new Error(`timed out waiting for ${goal} (${timeoutMs} ms)`)
}

type Outcome<Result> =
  | { readonly type: 'done'; readonly result: Result }
  | { readonly type: 'failed'; readonly reason: unknown }
  | { readonly type: 'late' }

async function settled<Result>(
  promise: Promise<Result>,
  timeoutMs: number,
): Promise<Outcome<Result>> {
  const timer = new AbortController()
  const late = delay(timeoutMs, { type: 'late' } as const, { signal: timer.signal })
  const outcome = promise.then(
    (result) => ({ type: 'done', result }) as const,
    (reason: unknown) => ({ type: 'failed', reason }) as const,
  )
  late.catch(() => undefined)
  try {
    return await Promise.race([outcome, late])
  } finally {
    timer.abort()
  }
}
