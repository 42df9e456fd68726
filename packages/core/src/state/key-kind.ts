import { FlinktsError } from '../common/errors.ts'
import { type Key, type KeyIdentity, keyOfIdentity } from './key.ts'

/**
 * What a key is made of: `string`, or `[string, number]` for a tuple. Elements of one kind in a row
 * count once: tuples of strings are of one kind, whatever their length.
 *
 * @internal
 */
export function keyKind(key: Key): string {
  if (typeof key !== 'object') return typeof key
  const kinds = key.map(keyKind)
  return `[${kinds.filter((kind, index) => kind !== kinds[index - 1]).join(', ')}]`
}

/**
 * Refuses the first key after a restore if all restored keys are of one kind, and it is of another:
 * its record finds no state, nor would those after it, and nobody would notice. Where keys were of
 * several kinds already, one more may be as good. Ends where it is clear, which is nearly always at
 * the first restored key.
 *
 * @throws FlinktsError FLINKTS_STATE_INCOMPATIBLE
 * @internal
 */
export function checkKeyKind(key: Key, restored: Iterable<KeyIdentity>, operatorId: string): void {
  const kind = keyKind(key)
  let before: string | undefined
  for (const identity of restored) {
    const other = keyKind(keyOfIdentity(identity))
    if (other === kind || other !== (before ?? other)) return
    before = other
  }
  if (before === undefined) return
  throw new FlinktsError(
    'FLINKTS_STATE_INCOMPATIBLE',
    `operator "${operatorId}" was given a key of type ${kind}, but the checkpoint holds its ` +
      `state by keys of type ${before}`,
    {
      hint:
        `Let the key selector give keys of type ${before} as before, since keys of another type ` +
        'find nothing of that state, or start with --fresh, which begins anew without any state.',
    },
  )
}
