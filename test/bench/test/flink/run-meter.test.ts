import { expect, test } from 'vitest'
import { RunMeter } from '../../flink/run-meter.ts'

const settings = { warmUp: 1, warmUpRecords: 0, window: 2, windowCount: 2 }

/** A machine that gives `share` of its time to the process. */
function machine(share: number): { pass(ms: number): void; wall(): number; cpu(): number } {
  let wall = 0
  return {
    pass: (ms) => {
      wall += ms
    },
    wall: () => wall,
    cpu: () => wall * share,
  }
}

test('measures windows of processor time behind the warm-up', () => {
  const clocks = machine(0.5)
  const meter = new RunMeter(settings, clocks)
  let records = 0
  while (meter.turnBegins(records)) {
    clocks.pass(100)
    records += clocks.wall() < 2000 ? 1 : 40
  }

  expect(meter.windows).toEqual([
    { recordsPerSecond: 400, recordsPerCpuSecond: 800 },
    { recordsPerSecond: 400, recordsPerCpuSecond: 800 },
  ])
  expect(clocks.wall()).toBe(10_000)
})

test('is not warm before it has seen enough records', () => {
  const clocks = machine(1)
  const meter = new RunMeter({ ...settings, warmUpRecords: 50 }, clocks)
  let records = 0
  while (meter.turnBegins(records)) {
    clocks.pass(100)
    records += 1
  }

  expect(records).toBe(50 + 20 + 20)
})

test('ends windows of a process that gets no time', () => {
  const clocks = machine(1)
  const meter = new RunMeter(
    { ...settings, windowCount: 1, warmUp: 0 },
    { ...clocks, cpu: () => 0 },
  )
  while (meter.turnBegins(0)) clocks.pass(100)

  expect(clocks.wall()).toBe(12_000)
})

test('knows the longest time between two turns since the warm-up', () => {
  const clocks = machine(1)
  const meter = new RunMeter(settings, clocks)
  for (const pauseMs of [900, 70, 50, 30, 40]) {
    meter.turnBegins(0)
    clocks.pass(50)
    meter.turnEnds()
    clocks.pass(pauseMs)
  }
  meter.turnBegins(0)

  expect(meter.pauseMs).toBe(50)
})
