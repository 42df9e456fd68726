import type { AnyDriver, CapabilityOf, Check, CheckContext, CheckLevel, Kit } from './check.ts'
import { RunLimit } from './run-limit.ts'

/** How one check went. @internal */
export type CheckResult = {
  readonly name: string
  readonly level: CheckLevel
  readonly holds: string
} & (
  | { readonly status: 'passed'; readonly seeds: readonly number[] }
  | { readonly status: 'skipped'; readonly reason: string }
  /** With the first seed that fails. */
  | { readonly status: 'failed'; readonly seed: number; readonly cause: unknown }
)

/** How checks are run. @internal */
export interface RunSettings extends Pick<CheckContext<AnyDriver>, 'quietMs' | 'patienceMs'> {
  /** See `CheckContext`; default false. */
  readonly writesStates?: boolean
  readonly seeds: readonly number[]
  /** Of all checks that run at a time; default: one run after the other. */
  readonly limit?: RunLimit
}

/** Runs one check with every seed, up to the first that fails; never rejects. @internal */
export async function runCheck<Driver extends AnyDriver>(
  check: Check<Driver>,
  driver: Driver,
  { seeds, limit = new RunLimit(1), writesStates = false, ...waits }: RunSettings,
): Promise<CheckResult> {
  const { name, level, holds } = check
  const reason = check.needs?.(driver.capabilities, driver)
  if (reason !== undefined) return { name, level, holds, status: 'skipped', reason }
  const used = check.once === true ? seeds.slice(0, 1) : seeds
  const causes = new Map<number, unknown>()
  const run = async (seed: number): Promise<void> => {
    if (causes.size > 0) return
    try {
      await check.run({ driver, seed, writesStates, ...waits })
    } catch (cause) {
      causes.set(seed, cause)
    }
  }
  await Promise.all(used.map((seed) => limit.run(() => run(seed))))
  const failed = used.find((seed) => causes.has(seed))
  if (failed === undefined) return { name, level, holds, status: 'passed', seeds: used }
  return { name, level, holds, status: 'failed', seed: failed, cause: causes.get(failed) }
}

/** The declared capabilities that no check reached: a claim that nobody tested. @internal */
export function unreachedClaims<Driver extends AnyDriver>(
  driver: Driver,
  kit: Kit<Driver>,
): readonly CapabilityOf<Driver>[] {
  const reached = kit.checks
    .filter((check) => check.needs?.(driver.capabilities, driver) === undefined)
    .flatMap(({ proves }) => proves)
  return kit.claimsOf(driver.capabilities).filter((claim) => !reached.includes(claim))
}
