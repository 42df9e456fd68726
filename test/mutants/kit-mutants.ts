import type { Mutant } from './mutant.ts'

const testkit = 'packages/testkit'
const oracle = `${testkit}/src/records/source-oracle.ts`

/** The conformance kit and `flinkts prove`: what they would not see any more. */
export const kitMutants: readonly Mutant[] = [
  {
    name: 'kit-passes-over-repeats',
    breaks: 'a source may emit a record twice',
    file: oracle,
    find: "...listed('repeated', found.repeated),",
    replace: '',
    tests: [`${testkit}/test/records/source-oracle.test.ts`],
  },
  {
    name: 'kit-passes-over-history',
    breaks: 'of the changes of one row only the last is looked for',
    file: oracle,
    find: 'const wanted = onlyLast ? writes.slice(-1) : writes',
    replace: 'const wanted = writes.slice(-1)',
    tests: [`${testkit}/test/records/source-oracle.test.ts`],
  },
  {
    name: 'kit-believes-claims',
    breaks: 'a claim that no check could reach is taken for proved',
    file: `${testkit}/src/checks/run-checks.ts`,
    find: '.filter((check) => check.needs?.(driver.capabilities, driver) === undefined)\n',
    replace: '\n',
    tests: [
      `${testkit}/test/checks/over-claims.test.ts`,
      `${testkit}/test/checks/source-claims.test.ts`,
    ],
  },
  {
    name: 'prove-passes-over-repeats',
    breaks: 'flinkts prove does not see that a record was committed twice',
    file: 'packages/cli/src/prove/compare.ts',
    find: "duplicated: guarantee === 'at-least-once' ? [] : duplicated,",
    replace: 'duplicated: [],',
    tests: ['packages/cli/test/prove/compare.test.ts'],
  },
  {
    name: 'prove-picks-late-times',
    breaks: 'flinkts prove kills at times that another run may not come to',
    file: 'packages/cli/src/prove/trials.ts',
    find: 'const surePart = 0.75',
    replace: 'const surePart = 2',
    tests: ['packages/cli/test/prove/trials.test.ts'],
  },
  {
    name: 'moments-without-pace',
    breaks: 'a source that is to wait for checkpoints emits all that it has',
    file: 'packages/core/src/testing/moments/source-moments.ts',
    find: "if (this.#left <= 0) return 'nothing-available'",
    replace: '',
    tests: ['packages/core/test/testing/moments/moments.test.ts'],
  },
  {
    name: 'moments-without-restart',
    breaks: 'nobody hears that a writer starts in a restart',
    file: 'packages/core/src/testing/moments/sink-moments.ts',
    find: "if (context.attempt > 1) hooks.reach('K12')",
    replace: '',
    tests: ['packages/core/test/testing/moments/moments.test.ts'],
  },
]
