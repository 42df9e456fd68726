import type { Mutant } from './mutant.ts'

const testkit = 'packages/testkit'
const oracle = `${testkit}/src/records/source-oracle.ts`

/** The conformance kit: what it would not see any more. */
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
]
