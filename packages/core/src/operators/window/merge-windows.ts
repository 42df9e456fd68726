import { FlinktsError } from '../../common/errors.ts'
import type { KeyedWindows, LiveWindow } from './key-windows.ts'
import { isSameWindow, type Window } from './window.ts'
import type { MergedWindow } from './window-assigner.ts'

/** What merging asks of the operator. @internal */
export interface WindowMerger {
  readonly name: string
  mergeWindows(windows: readonly Window[]): readonly MergedWindow[]
  /** Whether a window takes no record any more. */
  isLate(window: Window): boolean
  /** Whether the time of a window has passed. */
  isOver(window: Window): boolean
  /** The contents of `merged`, which are by end, become those of `target`. */
  merge(target: LiveWindow, merged: readonly LiveWindow[]): void
}

/**
 * Adds `window` to the windows of the current key, and merges what belongs together. All windows of
 * the key are looked at: whether two of them merge may depend on a third (Flink: MergingWindowSet).
 *
 * @returns what `window` has become; `undefined`: it is late, and was not added.
 * @throws FlinktsError FLINKTS_WINDOW_MERGE_INVALID
 * @internal
 */
export function addMerging(
  windows: KeyedWindows,
  merger: WindowMerger,
  window: Window,
): LiveWindow | undefined {
  let added: Window = window
  for (const result of merger.mergeWindows(withWindow(windows.list(), window))) {
    if (result.merged.some((merged) => isSameWindow(merged, window))) added = result.window
    mergeLive(windows, merger, result)
  }
  const live = windows.find(added)
  if (!merger.isLate(added)) return live ?? windows.add(added)
  if (live !== undefined) windows.remove(live)
  return undefined
}

function mergeLive(windows: KeyedWindows, merger: WindowMerger, result: MergedWindow): void {
  const { window, merged } = result
  const members = windows.list().filter((live) => merged.some((other) => isSameWindow(other, live)))
  const [only] = members
  if (only === undefined) return
  if (members.length === 1 && isSameWindow(only, window)) return
  checkNotShrunk(merger, window, members)
  for (const live of members) windows.remove(live)
  merger.merge(windows.add(window), members)
}

/** Results of a window that is over would come after the watermark that closed it. */
function checkNotShrunk(
  merger: WindowMerger,
  window: Window,
  members: readonly LiveWindow[],
): void {
  const shrunk = members.some(({ end }) => end > window.end)
  if (!shrunk || !merger.isOver(window)) return
  const from = members.map(boundsOf).join(', ')
  throw new FlinktsError(
    'FLINKTS_WINDOW_MERGE_INVALID',
    `${merger.name} merged ${from} into ${boundsOf(window)}, which is over`,
    { hint: 'A merged window must not end before the windows that it was made of.' },
  )
}

function boundsOf({ start, end }: Window): string {
  return `[${start}, ${end})`
}

/** The bounds of the windows, `window` among them once, in the same order. */
function withWindow(lives: readonly LiveWindow[], window: Window): Window[] {
  const all: Window[] = lives.map(({ start, end }) => ({ start, end }))
  if (!all.some((live) => isSameWindow(live, window))) all.push(window)
  return all
}
