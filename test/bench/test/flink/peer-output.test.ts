import { expect, test } from 'vitest'
import { parseFirstRecords, parseRecoveries, parseWindows } from '../../flink/peer-output.ts'

const output = [
  'WARM keys par=1 reuse=true hashmap: 5500123 events in 31.4 s wall, 60.1 cpu-s',
  'RUN keys par=1 reuse=true hashmap: 281026 ev/s wall  147841 ev/cpu-s  (5.1 s, cpu=1.97 cores, ' +
    'others=0.02 cores, ckpts=2 avgCkpt=1222ms maxState=65000000B RSSpeak=2330624 kB load=4.9)',
  'RECOVER keys par=1 reuse=true hashmap: throw -> first record after restart 25012 ms ' +
    '(source events before failure 6000000) load=2.5',
  'cold start: main reached 140 ms, first record out 5712 ms',
  'job finished 6100 ms VmHWM:  276000 kB',
].join('\n')

test('reads what a run of Flink printed, and nothing else', () => {
  expect(parseWindows(output)).toEqual([
    { recordsPerSecond: 281_026, recordsPerCpuSecond: 147_841, peakMib: 2276 },
  ])
  expect(parseRecoveries(output)).toEqual([25_012])
  expect(parseFirstRecords(output)).toEqual([5712])
})

test('finds nothing in other output', () => {
  expect(parseWindows('RUN keys failed')).toEqual([])
})
