import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { FlinkPeer } from '../../flink/flink-peer.ts'

/** A peer whose `run.sh` is `script`. */
function peerOf(script: string): FlinkPeer {
  const folder = mkdtempSync(path.join(tmpdir(), 'flinkts-peer-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  writeFileSync(path.join(folder, 'run.sh'), script)
  return new FlinkPeer(folder, { warmUp: 1, window: 2, windowCount: 3 })
}

test('runs a job as the baseline wants it', async () => {
  const peer = peerOf(
    '[ "$1 $2 $3 $4 $5 $6 $7 $9 $HEAP $WARM" = "Bench keys 1 1 hashmap 2 3  -Xmx5g 1" ] && ' +
      'echo "RUN keys: 2 ev/s wall  3 ev/cpu-s  (x RSSpeak=2048 kB"',
  )

  await expect(peer.windows('keys')).resolves.toEqual([
    { recordsPerSecond: 2, recordsPerCpuSecond: 3, peakMib: 2 },
  ])
})

test('asks for as many failures as are wanted', async () => {
  const peer = peerOf(
    '[ "$7 $9" = "5 recover" ] && ' +
      'echo "RECOVER keys: throw -> first record after restart 12 ms (x"',
  )

  await expect(peer.recoveries('keys', 5)).resolves.toEqual([12])
})
