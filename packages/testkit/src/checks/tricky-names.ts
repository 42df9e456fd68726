/**
 * Names that come to harm where they are put into a statement, a pattern or a format without care;
 * the last has 63 bytes, which is as much as some systems take.
 *
 * @internal
 */
export const trickyNames: readonly string[] = [
  `1st "It's" THE name..%s.$1 $& {0}\\n`,
  `${'é'.repeat(31)}x`,
]
