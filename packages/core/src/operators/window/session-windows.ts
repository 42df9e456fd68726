import { eventTimeTrigger, processingTimeTrigger } from './time-triggers.ts'
import { checkPositive, checkTimestamp, type Window } from './window.ts'
import type { MergedWindow, WindowAssigner } from './window-assigner.ts'

/**
 * Sessions: records of a key belong together until there is none for more than `gap` milliseconds,
 * by their timestamps. Records exactly `gap` apart belong together.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function sessionEventTimeWindows(gap: number): WindowAssigner {
  checkPositive('the gap of sessionEventTimeWindows', gap)
  return eventTime('sessionEventTimeWindows', () => gap)
}

/**
 * Sessions by timestamps, in which every record has its own gap: `gapOf` returns the milliseconds,
 * above 0, for which a session waits after it.
 *
 * @public
 */
export function dynamicEventTimeSessionWindows<T>(gapOf: (value: T) => number): WindowAssigner<T> {
  return eventTime('dynamicEventTimeSessionWindows', gapOf)
}

/**
 * Sessions: records of a key belong together until there is none for more than `gap` milliseconds,
 * by the clock of the machine.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function sessionProcessingTimeWindows(gap: number): WindowAssigner {
  checkPositive('the gap of sessionProcessingTimeWindows', gap)
  return processingTime('sessionProcessingTimeWindows', () => gap)
}

/**
 * Sessions by the clock of the machine, in which every record has its own gap: `gapOf` returns the
 * milliseconds, above 0, for which a session waits after it.
 *
 * @public
 */
export function dynamicProcessingTimeSessionWindows<T>(
  gapOf: (value: T) => number,
): WindowAssigner<T> {
  return processingTime('dynamicProcessingTimeSessionWindows', gapOf)
}

function eventTime<T>(name: string, gapOf: (value: T) => number): WindowAssigner<T> {
  return {
    name,
    isEventTime: true,
    defaultTrigger: eventTimeTrigger(),
    assign: (value, timestamp) => {
      checkTimestamp(timestamp, name)
      return [session(name, timestamp, gapOf(value))]
    },
    mergeWindows: mergeTouching,
  }
}

function processingTime<T>(name: string, gapOf: (value: T) => number): WindowAssigner<T> {
  return {
    name,
    isEventTime: false,
    defaultTrigger: processingTimeTrigger(),
    assign: (value, _timestamp, { processingTime: now }) => [session(name, now, gapOf(value))],
    mergeWindows: mergeTouching,
  }
}

function session(name: string, start: number, gap: number): Window {
  checkPositive(`the gap of ${name} for a record`, gap)
  return { start, end: start + gap }
}

/** Merges windows that overlap or touch (Flink: TimeWindow.mergeWindows). */
function mergeTouching(windows: readonly Window[]): readonly MergedWindow[] {
  const groups: { window: Window; readonly merged: Window[] }[] = []
  for (const window of windows.toSorted((one, other) => one.start - other.start)) {
    const group = groups.at(-1)
    if (group !== undefined && window.start <= group.window.end) {
      const { start, end } = group.window
      group.window = { start, end: Math.max(end, window.end) }
      group.merged.push(window)
    } else {
      groups.push({ window, merged: [window] })
    }
  }
  return groups
}
