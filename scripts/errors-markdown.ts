import { errorTable } from '../packages/core/src/common/error-table.ts'

/** `docs/errors.md`, made from the table of error codes. */
export function errorsMarkdown(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { retryable, summary }]) =>
      `| \`${code}\` | ${retryable ? 'may help' : 'ends the job'} | ${summary} |`,
  )
  return [
    '# Errors',
    '',
    'Every error of flinkts is a `FlinktsError` with one of these codes, a message that says what',
    'failed, and a hint that says what to do. The codes are stable; the messages are not.',
    '',
    '*Restart* says what happens next: the restart strategy restores the last checkpoint and tries',
    'again, or the job ends at once, because it would fail the same way.',
    '',
    '<!-- Made by `npm run docs:errors` from packages/core/src/common/error-table.ts. -->',
    '',
    '| Code | Restart | What happened |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
