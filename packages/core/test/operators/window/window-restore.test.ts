import { expect, test } from 'vitest'
import type { Trigger } from '../../../src/operators/window/trigger.ts'
import { tumblingEventTimeWindows } from '../../../src/operators/window/aligned-windows.ts'
import type { HarnessSnapshot } from '../../../src/testing/harness/harness-snapshot.ts'
import { operatorHarness, type OperatorHarness } from '../../../src/testing/operator-harness.ts'

/** Fires with the next watermark after each record. */
const nextWatermark: Trigger<string> = {
  name: 'nextWatermark',
  onElement: (_value, timestamp, _window, { timers }) => {
    timers.registerEventTime(timestamp)
    return 'continue'
  },
  onEventTime: () => 'fire',
  onProcessingTime: () => 'continue',
}

function windows(restore?: HarnessSnapshot): Promise<OperatorHarness<string, string>> {
  return operatorHarness<string, string>(
    (input) =>
      input
        .keyBy((value) => value)
        .window(tumblingEventTimeWindows(1000))
        .trigger(nextWatermark)
        .process('windows', { process: (_context, values) => [values.join(' ')] }),
    restore === undefined ? {} : { restore },
  )
}

test('a timer that is due waits for time to advance beyond the checkpoint', async () => {
  const first = await windows()
  first.watermark(100)
  first.push('a', 50)

  const second = await windows(await first.snapshot())
  second.watermark(60)
  second.watermark(100)
  const before = second.takeValues()
  second.watermark(101)

  expect(first.takeValues()).toEqual([])
  expect(before).toEqual([])
  expect(second.takeValues()).toEqual(['a'])
})
