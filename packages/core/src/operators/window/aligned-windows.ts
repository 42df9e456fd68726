import { eventTimeTrigger, processingTimeTrigger } from './time-triggers.ts'
import type { Trigger } from './trigger.ts'
import { checkPositive, checkTimestamp, optionInvalid, type Window, windowStart } from './window.ts'
import type { AlignedWindows, WindowAssigner } from './window-assigner.ts'

/** Where windows start. @public */
export interface WindowOptions {
  /**
   * Milliseconds by which starts are moved from multiples of the size or slide since 1970, above
   * minus and below plus that size or slide. Default 0. Days of UTC+8: -8 hours.
   */
  readonly offset?: number
}

/**
 * Windows of `size` milliseconds, one after the other, by the timestamps of records.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function tumblingEventTimeWindows(
  size: number,
  options: WindowOptions = {},
): WindowAssigner {
  const { offset = 0 } = options
  const name = 'tumblingEventTimeWindows'
  return eventTime(name, checked(name, { sizeMs: size, slideMs: size, offsetMs: offset }))
}

/**
 * Windows of `size` milliseconds that start every `slide` milliseconds, by the timestamps of
 * records.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function slidingEventTimeWindows(
  size: number,
  slide: number,
  options: WindowOptions = {},
): WindowAssigner {
  const { offset = 0 } = options
  const name = 'slidingEventTimeWindows'
  return eventTime(name, checked(name, { sizeMs: size, slideMs: slide, offsetMs: offset }))
}

/**
 * Windows of `size` milliseconds, one after the other, by the clock of the machine.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function tumblingProcessingTimeWindows(
  size: number,
  options: WindowOptions = {},
): WindowAssigner {
  const { offset = 0 } = options
  const name = 'tumblingProcessingTimeWindows'
  return processingTime(name, checked(name, { sizeMs: size, slideMs: size, offsetMs: offset }))
}

/**
 * Windows of `size` milliseconds that start every `slide` milliseconds, by the clock of the
 * machine.
 *
 * @throws FlinktsError FLINKTS_OPTION_INVALID
 * @public
 */
export function slidingProcessingTimeWindows(
  size: number,
  slide: number,
  options: WindowOptions = {},
): WindowAssigner {
  const { offset = 0 } = options
  const name = 'slidingProcessingTimeWindows'
  return processingTime(name, checked(name, { sizeMs: size, slideMs: slide, offsetMs: offset }))
}

function eventTime(name: string, aligned: AlignedWindows): WindowAssigner {
  return new AlignedEventTimeWindows(name, aligned)
}

/** A copy of it with other methods is not aligned any more: `aligned` is no property of its own. */
class AlignedEventTimeWindows implements WindowAssigner {
  readonly name: string
  readonly isEventTime = true
  readonly defaultTrigger: Trigger = eventTimeTrigger()
  readonly assign: WindowAssigner['assign']
  readonly #aligned: AlignedWindows

  constructor(name: string, aligned: AlignedWindows) {
    this.name = name
    this.#aligned = aligned
    this.assign = (_value, timestamp) => {
      checkTimestamp(timestamp, name)
      return windowsOf(timestamp, aligned)
    }
  }

  get aligned(): AlignedWindows {
    return this.#aligned
  }
}

function processingTime(name: string, aligned: AlignedWindows): WindowAssigner {
  return {
    name,
    isEventTime: false,
    defaultTrigger: processingTimeTrigger(),
    assign: (_value, _timestamp, context) => windowsOf(context.processingTime, aligned),
  }
}

/** The windows that hold `timestamp`, the earliest first. */
function windowsOf(timestamp: number, { sizeMs, slideMs, offsetMs }: AlignedWindows): Window[] {
  const windows: Window[] = []
  let start = windowStart(timestamp, slideMs, offsetMs)
  for (; start + sizeMs > timestamp; start -= slideMs) windows.push({ start, end: start + sizeMs })
  if (windows.length > 1) windows.reverse()
  return windows
}

function checked(name: string, windows: AlignedWindows): AlignedWindows {
  checkPositive(`the size of ${name}`, windows.sizeMs)
  checkPositive(`the slide of ${name}`, windows.slideMs)
  if (Math.abs(windows.offsetMs) < windows.slideMs) return windows
  throw optionInvalid(
    `the offset of ${name}`,
    windows.offsetMs,
    `Give an offset above -${windows.slideMs} and below ${windows.slideMs}.`,
  )
}
