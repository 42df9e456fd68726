import type { AnyDriver, CapabilityOf, Check, CheckContext, CheckLevel, Kit } from './check.ts'

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
  readonly seeds: readonly number[]
  /** See `Kit.seedsAtOnce`; default 1. */
  readonly seedsAtOnce?: number
}

/** Runs one check with every seed, up to the first that fails; never rejects. @internal */
export async function runCheck<Driver extends AnyDriver>(
  check: Check<Driver>,
  driver: Driver,
  { seeds, seedsAtOnce = 1, ...waits }: RunSettings,
): Promise<CheckResult> {
  const { name, level, holds } = check
  const reason = check.needs?.(driver.capabilities, driver)
  if (reason !== undefined) return { name, level, holds, status: 'skipped', reason }
  const used = check.once === true ? seeds.slice(0, 1) : seeds
  for (let from = 0; from < used.length; from += seedsAtOnce) {
    const group = used.slice(from, from + seedsAtOnce)
    const failures = await Promise.all(
      group.map((seed) => failureWith(check, { driver, seed, ...waits })),
    )
    const failed = failures.find((failure) => failure !== undefined)
    if (failed !== undefined) return { name, level, holds, status: 'failed', ...failed }
  }
  return { name, level, holds, status: 'passed', seeds: used }
}

async function failureWith<Driver extends AnyDriver>(
  check: Check<Driver>,
  context: CheckContext<Driver>,
): Promise<{ readonly seed: number; readonly cause: unknown } | undefined> {
  try {
    await check.run(context)
    return undefined
  } catch (cause) {
    return { seed: context.seed, cause }
  }
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
