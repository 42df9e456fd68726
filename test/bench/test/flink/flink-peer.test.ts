import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findFlinkPeer, type FlinkPeer } from '../../flink/flink-peer.ts'

const times = { warmUp: 1, window: 1 }

/** A baseline whose `run.sh` is `script`. */
function baseline(script: string): FlinkPeer {
  const folder = mkdtempSync(path.join(tmpdir(), 'flinkts-baselines-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(path.join(folder, 'flink', 'java', 'target', 'classes'), { recursive: true })
  writeFileSync(path.join(folder, 'flink', 'run.sh'), script)
  const found = findFlinkPeer(times, { FLINKTS_BASELINES: folder })
  if (!('peer' in found)) throw new Error(found.missing)
  return found.peer
}

test('says what is missing', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'flinkts-baselines-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))

  expect(findFlinkPeer(times, {})).toEqual({
    missing: 'FLINKTS_BASELINES does not name a folder of baselines',
  })
  expect(findFlinkPeer(times, { FLINKTS_BASELINES: folder })).toEqual({
    missing: `${path.join(folder, 'flink')} has no run.sh`,
  })
})

test('runs a job as the baseline wants it', async () => {
  const peer = baseline(
    'echo "RUN $1-$2-$3-$4-$5-$6-$7-$HEAP-$WARM: 2 ev/s wall  3 ev/cpu-s  (x RSSpeak=2048 kB"',
  )

  await expect(peer.windows('keys')).resolves.toEqual([
    { recordsPerSecond: 2, recordsPerCpuSecond: 3, peakMib: 2 },
  ])
})
