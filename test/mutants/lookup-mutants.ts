import type { Mutant } from './mutant.ts'

const core = 'packages/core'
const lookup = 'connectors/postgres/src/lookup'
const tests = 'connectors/postgres/test/lookup'

/** Functions of async operators that keep something open, and the Postgres lookup. */
export const lookupMutants: readonly Mutant[] = [
  {
    name: 'async-function-left-open',
    breaks: 'what an async function opened stays open when its task ends',
    file: `${core}/src/operators/async/async-operator.ts`,
    find: '    await this.#function?.close()\n',
    replace: '',
    tests: [`${core}/test/operators/async/async-function.test.ts`],
  },
  {
    name: 'async-function-unchecked',
    breaks: 'the checks of async functions do not run before the start',
    file: `${core}/src/api/check-job.ts`,
    find: "operation.type === 'sink' ? operation.sink : operation",
    replace: "operation.type === 'sink' ? operation.sink : {}",
    tests: [`${core}/test/api/check-job.test.ts`],
  },
  {
    name: 'lookup-rows-of-a-neighbour',
    breaks: 'a record gets the rows of the key before its own',
    file: `${lookup}/lookup-query.ts`,
    find: "found[Number(row['n']) - 1]",
    replace: "found[Math.max(0, Number(row['n']) - 2)]",
    tests: [`${tests}/open-lookup.test.ts`],
  },
  {
    name: 'lookup-older-than-record',
    breaks: 'a record gets the answer to a query that was sent before it came',
    file: `${lookup}/key-loader.ts`,
    find: '    for (const { name } of batch) this.#unsent.delete(name)\n',
    replace: `    for (const { name, promise } of batch) {
      promise.finally(() => this.#unsent.delete(name)).catch(() => {})
    }\n`,
    tests: [`${tests}/key-loader.test.ts`],
  },
  {
    name: 'lookup-for-nobody',
    breaks: 'keys pile up that no record waits for any more',
    file: `${lookup}/key-loader.ts`,
    find: '    this.#unsent.delete(pending.name)\n',
    replace: '',
    tests: [`${tests}/key-loader.test.ts`],
  },
  {
    name: 'lookup-repeated-for-ever',
    breaks: 'a query that the server refuses is repeated',
    file: `${lookup}/key-loader.ts`,
    find: "await backoff.pause('a lookup', failure, this.#closing.signal)",
    replace: 'await Promise.resolve(backoff)',
    tests: [`${tests}/key-loader.test.ts`],
  },
  {
    name: 'lookup-batch-spoiled',
    breaks: 'a key that the server cannot read fails the records beside it',
    file: `${lookup}/key-loader.ts`,
    find: '      if (!isValueError(failure)) throw failure\n',
    replace: '      throw failure\n',
    tests: [`${tests}/key-loader.test.ts`],
  },
  {
    name: 'lookup-null-asked-for',
    breaks: 'a null in the key is compared as if it were a value',
    file: `${lookup}/open-lookup.ts`,
    find: '      if (value === null || value === undefined) return undefined\n',
    replace: '',
    tests: [`${tests}/open-lookup.test.ts`],
  },
  {
    name: 'lookup-rows-cut-off',
    breaks: 'rows of a key beyond the limit are left out silently',
    file: `${lookup}/open-lookup.ts`,
    find: 'if (rows.length > this.#parts.options.rowsPerKeyMax)',
    replace: 'if (rows.length < 0)',
    tests: [`${tests}/open-lookup.test.ts`],
  },
  {
    name: 'lookup-cache-too-old',
    breaks: 'the cache gives rows that are older than it may',
    file: `${lookup}/lookup-cache.ts`,
    find: 'if (entry.endMs <= nowMs) return undefined',
    replace: 'if (entry.endMs < 0) return undefined',
    tests: [`${tests}/lookup-cache.test.ts`],
  },
  {
    name: 'lookup-cache-unbounded',
    breaks: 'the cache holds more keys than it may',
    file: `${lookup}/lookup-cache.ts`,
    find: 'this.#entries.size > keysMax &&',
    replace: 'this.#entries.size < 0 &&',
    tests: [`${tests}/lookup-cache.test.ts`],
  },
]
