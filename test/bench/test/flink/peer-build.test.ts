import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findPeer } from '../../flink/peer-build.ts'

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'flinkts-baselines-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('says what is missing', async () => {
  const folder = temporaryFolder()

  await expect(findPeer({}, folder)).resolves.toEqual({
    missing: 'FLINKTS_BASELINES does not name a folder of baselines',
  })
  await expect(findPeer({ FLINKTS_BASELINES: folder }, folder)).resolves.toEqual({
    missing: `${path.join(folder, 'flink')} has no run.sh`,
  })
})

test('takes a baseline that is built', async () => {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, 'flink', 'java', 'target', 'classes'), { recursive: true })
  writeFileSync(path.join(folder, 'flink', 'run.sh'), '')

  await expect(findPeer({ FLINKTS_BASELINES: folder }, folder)).resolves.toEqual({
    folder: path.join(folder, 'flink'),
  })
})
