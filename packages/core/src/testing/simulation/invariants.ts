import { parseCheckpointDirectory } from '../../checkpoint/layout.ts'
import { decodeManifest } from '../../checkpoint/manifest.ts'
import { assert } from '../../common/assert.ts'
import type { SimulatedStorage } from '../simulated-storage.ts'
import type { PartitionSplit } from './simulated-source.ts'

/**
 * I1: what was prepared at the barrier of a checkpoint becomes visible only when that checkpoint,
 * or a later one, exists.
 *
 * @internal
 */
export function checkCommitAllowed(disk: SimulatedStorage, checkpointId: number): void {
  const newest = Math.max(0, ...completedIds(disk))
  assert(newest >= checkpointId, `I1: checkpoint ${checkpointId} exists before its commit`)
}

/**
 * I2: nothing is acknowledged upstream beyond what the oldest retained checkpoint holds.
 *
 * @internal
 */
export function checkAcknowledged(
  disk: SimulatedStorage,
  partition: string,
  position: number,
): void {
  for (const checkpointId of completedIds(disk)) {
    const held = positionIn(disk, checkpointId, partition)
    assert(
      held >= position,
      `I2: ${partition} is acknowledged up to ${position}, but checkpoint ${checkpointId} ` +
        `holds ${held}`,
    )
  }
}

/**
 * I6: what became visible is what plain arrays give, each record as often.
 *
 * @internal
 */
export function checkOutput(
  expected: ReadonlyMap<string, readonly string[]>,
  committed: ReadonlyMap<string, readonly string[]>,
): void {
  for (const [sink, records] of expected) {
    const left = counts(committed.get(sink) ?? [])
    for (const record of records) left.set(record, (left.get(record) ?? 0) - 1)
    const wrong = [...left].filter(([, count]) => count !== 0)
    const [record, count] = wrong[0] ?? ['', 0]
    const what = count < 0 ? 'lost' : 'duplicated'
    assert(wrong.length === 0, `${sink}: ${wrong.length} records differ; "${record}" is ${what}`)
  }
}

/** The number of records of all sinks. @internal */
export function countOf(records: ReadonlyMap<string, readonly string[]>): number {
  let count = 0
  for (const list of records.values()) count += list.length
  return count
}

function counts(records: readonly string[]): Map<string, number> {
  const result = new Map<string, number>()
  for (const record of records) result.set(record, (result.get(record) ?? 0) + 1)
  return result
}

function completedIds(disk: SimulatedStorage): readonly number[] {
  return disk.paths().flatMap((path) => {
    const [directory = '', name] = path.split('/')
    const id = name === 'manifest.json' ? parseCheckpointDirectory(directory) : undefined
    return id ?? []
  })
}

/** A partition that no reader has yet is at its beginning. */
function positionIn(disk: SimulatedStorage, checkpointId: number, partition: string): number {
  const path = `chk-${String(checkpointId).padStart(6, '0')}/manifest.json`
  const bytes = disk.content(path)
  assert(bytes !== undefined, 'a completed checkpoint has a manifest')
  for (const { subtasks } of decodeManifest(bytes).operators) {
    for (const item of subtasks.flatMap(({ splits }) => splits)) {
      const split = JSON.parse(new TextDecoder().decode(item.bytes)) as PartitionSplit
      if (split.splitId === partition) return split.position
    }
  }
  return 0
}
