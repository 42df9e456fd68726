import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jsonLines } from '@flinkts/formats'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fileSource } from '../src/index.ts'
import { SourceRun } from './source-run.ts'
import type { SourceCheckpoint } from './source-run.ts'

const scenario = fc.record({
  /** The number of lines of each file. */
  files: fc.array(fc.nat({ max: 12 }), { maxLength: 4 }),
  lineEnd: fc.constantFrom('\n', '\r\n', '\n\n'),
  splitBytes: fc.integer({ min: 1, max: 60 }),
  readBytes: fc.integer({ min: 1, max: 40 }),
  /** Each attempt: its parallelism, and after how many records it is killed. */
  attempts: fc.array(
    fc.record({ parallelism: fc.integer({ min: 1, max: 4 }), killedAfter: fc.nat({ max: 12 }) }),
    { maxLength: 5 },
  ),
})

test('killed after any record, at any parallelism: every record comes once', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async ({ files, lineEnd, splitBytes, readBytes, attempts }) => {
      const directory = await mkdtemp(join(tmpdir(), 'flinkts-filesystem-'))
      const ids: string[] = []
      for (const [file, lineCount] of files.entries()) {
        const mine = Array.from({ length: lineCount }, (_, line) => `${file}-${line}-ü`)
        ids.push(...mine)
        const text = mine.map((id) => JSON.stringify(id)).join(lineEnd)
        await writeFile(join(directory, `${file}.jsonl`), text)
      }
      const source = fileSource<unknown>({
        path: directory,
        format: jsonLines(),
        splitBytes,
        readBytes,
      })

      const emitted: unknown[] = []
      let restored: SourceCheckpoint | undefined
      for (const { parallelism, killedAfter } of [
        ...attempts,
        { parallelism: 2, killedAfter: 999 },
      ]) {
        const run = new SourceRun(source, { parallelism, ...(restored && { restored }) })
        await run.start()
        await run.runUntil(killedAfter)
        restored = run.checkpoint()
        emitted.push(...run.emitted.map(({ value }) => value))
        await run.close()
      }

      expect(emitted).toHaveLength(ids.length)
      expect(new Set(emitted)).toEqual(new Set(ids))
      await rm(directory, { recursive: true })
    }),
    { numRuns: 300 },
  )
})
