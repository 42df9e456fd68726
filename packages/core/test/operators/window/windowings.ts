import type { DataStream } from '../../../src/api/data-stream.ts'
import type { WindowedStream } from '../../../src/api/windowed-stream.ts'
import type { WindowAssigner } from '../../../src/operators/window/window-assigner.ts'
import type { Item, Windowing } from './window-run.ts'

export type ItemWindows = WindowedStream<Item, string, 'exactly-once'>

/** Settings on top of an assigner. */
export type Setting = (windows: ItemWindows) => ItemWindows

const none: Setting = (windows) => windows

export function addItems(one: Item, other: Item): Item {
  return { key: one.key, value: one.value + other.value }
}

/** `k1:3`: the sum of the values. */
export function sums(assigner: WindowAssigner<Item>, setting: Setting = none): Windowing {
  return (keyed) => setting(keyed.window(assigner)).reduce('windows', addItems)
}

/** `k1-3[0,1000)`: the sum of the values, and the window. */
export function bounds(assigner: WindowAssigner<Item>, setting: Setting = none): Windowing {
  return (keyed): DataStream<string, 'exactly-once'> =>
    setting(keyed.window(assigner)).reduce('windows', addItems, {
      window: ({ key, window }, { value }) => [`${key}-${value}[${window.start},${window.end})`],
    })
}

/** The same, of the records themselves. */
export function listed(assigner: WindowAssigner<Item>, setting: Setting = none): Windowing {
  return (keyed): DataStream<string, 'exactly-once'> =>
    setting(keyed.window(assigner)).process('windows', {
      *process({ key, window }, items) {
        const sum = items.reduce((total, { value }) => total + value, 0)
        yield `${key}-${sum}[${window.start},${window.end})`
      },
    })
}
