import { parseCheckpointDirectory } from '../../checkpoint/layout.ts'
import { type CheckpointManifest, decodeManifest } from '../../checkpoint/manifest.ts'
import { assert } from '../../common/assert.ts'
import { FlinktsError } from '../../common/errors.ts'
import type { Serializer } from '../../common/serializer.ts'
import { itemsOf, splitsList, writerList } from '../../state/operator-state.ts'
import type { SimulatedStorage } from '../simulated-storage.ts'
import { jsonSerializer } from './json-serializer.ts'
import type { SimulatedPosition } from './simulated-log.ts'
import type { SimulatedWriterState } from './simulated-sink.ts'
import type { PartitionSplit } from './simulated-source.ts'

/** What an undisturbed run writes to a sink. @internal */
export interface ExpectedOutput {
  /** In no particular order. */
  readonly records: readonly string[]
  /** Whether records of the same origin, key and path must come in the order of their indexes. */
  readonly ordered: boolean
}

/** @internal */
export type ExpectedOutputs = ReadonlyMap<string, ExpectedOutput>

const partitionSplit: Serializer<PartitionSplit> = jsonSerializer()
const writerState: Serializer<SimulatedWriterState> = jsonSerializer()

type Committed = ReadonlyMap<string, readonly string[]>

/**
 * I1: what was prepared at the barrier of a checkpoint becomes visible only when that checkpoint,
 * or a later one, exists.
 *
 * @internal
 */
export function checkCommitAllowed(disk: SimulatedStorage, checkpointId: number): void {
  const newest = Math.max(0, ...manifestPaths(disk).keys())
  assert(newest >= checkpointId, `I1: checkpoint ${checkpointId} exists before its commit`)
}

/**
 * I2: nothing is acknowledged upstream beyond what the oldest retained checkpoint holds.
 *
 * @internal
 */
export function checkAcknowledged(
  disk: SimulatedStorage,
  { jobId, partition, position }: SimulatedPosition,
): void {
  for (const manifest of manifestsOf(disk, jobId)) {
    const held = positionIn(manifest, partition)
    assert(
      held >= position,
      `I2: ${partition} is acknowledged up to ${position}, but checkpoint ` +
        `${manifest.checkpointId} holds ${held}`,
    )
  }
}

/**
 * I6: what became visible is what plain arrays give, each record as often, or, if repeating is
 * allowed, at least as often.
 *
 * @internal
 */
export function checkOutput(
  expected: ExpectedOutputs,
  committed: Committed,
  repeatable: boolean,
): void {
  for (const [sink, { records, ordered }] of expected) {
    const visible = committed.get(sink) ?? []
    const wrong = differences(records, visible, repeatable)
    const [record, count] = wrong[0] ?? ['', 0]
    const what = count < 0 ? 'lost' : 'duplicated'
    assert(wrong.length === 0, `${sink}: ${wrong.length} records differ; "${record}" is ${what}`)
    if (ordered && !repeatable) checkOrder(sink, visible)
  }
}

/** What a lineage that was abandoned made visible is right, as far as it got. @internal */
export function checkAbandoned(expected: ExpectedOutputs, committed: Committed): void {
  for (const [sink, { records }] of expected) {
    const more = differences(records, committed.get(sink) ?? [], false).find(([, n]) => n > 0)
    assert(more === undefined, `${sink}: "${more?.[0]}" is duplicated in an abandoned lineage`)
  }
}

/** Whether nothing is missing. @internal */
export function isComplete(expected: ExpectedOutputs, committed: Committed): boolean {
  return [...expected].every(([sink, { records }]) => {
    return differences(records, committed.get(sink) ?? [], true).every(([, count]) => count > 0)
  })
}

/**
 * What writers remember is what became visible: their state was neither lost nor restored twice.
 * @internal
 */
export function checkWriterStates(disk: SimulatedStorage, committed: Committed): void {
  const newest = [...manifestPaths(disk)].at(-1)?.[1]
  const manifest = newest === undefined ? undefined : readManifest(disk, newest)
  for (const { operatorId, kind, subtasks } of manifest?.operators ?? []) {
    if (kind !== 'sink') continue
    const states = subtasks.flatMap(({ lists }) => itemsOf(lists, writerList))
    const remembered = states
      .map(({ version, bytes }) => writerState.deserialize(version, bytes).preparedCount)
      .reduce((sum, count) => sum + count, 0)
    const visible = committed.get(operatorId)?.length ?? 0
    assert(remembered === visible, `${operatorId}: ${visible} records, writers say ${remembered}`)
  }
}

/** Records that are there more (> 0) or less (< 0) often than expected. */
function differences(
  expected: readonly string[],
  visible: readonly string[],
  repeatable: boolean,
): readonly (readonly [string, number])[] {
  const left = new Map<string, number>()
  for (const record of visible) left.set(record, (left.get(record) ?? 0) + 1)
  const wanted = new Set(expected)
  for (const record of expected) left.set(record, (left.get(record) ?? 0) - 1)
  return [...left].filter(([record, count]) => {
    return repeatable ? count < 0 || !wanted.has(record) : count !== 0
  })
}

const recordForm = /^(?<origin>\S+)#(?<index>\d+) (?<rest>.*)$/

function checkOrder(sink: string, visible: readonly string[]): void {
  const last = new Map<string, number>()
  for (const record of visible) {
    const { origin = '', index = '', rest = '' } = recordForm.exec(record)?.groups ?? {}
    const sequence = `${origin} ${rest}`
    const inOrder = Number(index) > (last.get(sequence) ?? -1)
    assert(inOrder, `${sink}: "${record}" comes after index ${last.get(sequence)}`)
    last.set(sequence, Number(index))
  }
}

/** The manifests of completed checkpoints, by id, in order. */
function manifestPaths(disk: SimulatedStorage): ReadonlyMap<number, string> {
  return new Map(
    disk.paths().flatMap((path) => {
      const [directory = '', name] = path.split('/')
      const id = name === 'manifest.json' ? parseCheckpointDirectory(directory) : undefined
      return id === undefined ? [] : [[id, path]]
    }),
  )
}

/** Those of a lineage that can be read. */
function manifestsOf(disk: SimulatedStorage, jobId: string): readonly CheckpointManifest[] {
  return [...manifestPaths(disk).values()].flatMap((path) => {
    const manifest = readManifest(disk, path)
    return manifest?.jobId === jobId ? [manifest] : []
  })
}

/** By the bytes, which are replaced and never changed: reading is most of the work. */
const known = new WeakMap<Uint8Array, CheckpointManifest>()

/** `undefined`: it is damaged. */
function readManifest(disk: SimulatedStorage, path: string): CheckpointManifest | undefined {
  const bytes = disk.content(path)
  assert(bytes !== undefined, 'a completed checkpoint has a manifest')
  const manifest = known.get(bytes) ?? tryDecode(bytes)
  if (manifest !== undefined) known.set(bytes, manifest)
  return manifest
}

function tryDecode(bytes: Uint8Array): CheckpointManifest | undefined {
  try {
    return decodeManifest(bytes)
  } catch (error) {
    if (error instanceof FlinktsError) return undefined
    throw error
  }
}

/** A partition that no reader has yet is at its beginning. */
function positionIn(manifest: CheckpointManifest, partition: string): number {
  for (const { subtasks } of manifest.operators) {
    for (const { version, bytes } of subtasks.flatMap(({ lists }) => itemsOf(lists, splitsList))) {
      const split = partitionSplit.deserialize(version, bytes)
      if (split.splitId === partition) return split.position
    }
  }
  return 0
}
